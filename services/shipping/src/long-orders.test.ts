import { FulfilmentContinued, OrderPlaced, ShipmentCancellationRequested, StockReserved } from '@baton/contracts';
import { encode } from '@baton/messaging';
import {
  eventually,
  type FreshDatabase,
  freshDatabase,
  keepHouse,
  keepHouseLongAgo,
  MemoryTransport,
} from '@baton/messaging/testing';
import { type RunningService, startService } from '@baton/service-kit';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NOW } from './domain/testing.js';
import { shipping } from './shipping.module.js';

let database: FreshDatabase;
let service: RunningService;
const transport = new MemoryTransport();
const plan = shipping.retention ?? {};
const lines = [{ lineId: 'l1', sku: 'TEA', quantity: 1 }];
const placed = (orderId: string) =>
  OrderPlaced({
    orderId,
    customer: {
      name: 'Ada',
      email: 'ada@example.test',
      address: { city: 'Paris', postalCode: '75001', country: 'France' },
    },
    serviceLevel: 'standard',
    onShortage: 'backorder',
    lines,
    placedAt: NOW,
  });
const hear = (...events: Parameters<typeof encode>[0][]): void =>
  transport.deliver(events.map((draft) => encode(draft, NOW, {})));
const count = async (from: string): Promise<unknown> =>
  (await database.query(`select count(*)::int as n from ${from}`))[0]?.['n'];

beforeAll(async () => {
  database = await freshDatabase();
  // No carrier answers there: a booking that was asked for stays open.
  const env = {
    DATABASE_URL: database.url,
    LOG_LEVEL: 'silent',
    SHIPPING_CARRIER_URL: 'http://127.0.0.1:9',
    SHIPPING_WEBHOOK_SECRET: 'a-secret-of-carriers',
  };
  service = await startService(shipping, { env, transport });
});
afterAll(async () => {
  await service?.stop();
  await database?.drop();
});

it('What_is_kept_of_an_order is kept on for as long as it is under way, whatever its age, and no longer', async () => {
  const source = service.app.get(DataSource);
  const undone = (orderId: string) =>
    ShipmentCancellationRequested({ orderId, shipment: 1, reason: 'pick-list-short' });
  hear(placed('waits'), undone('waits'), placed('over'), undone('over'));
  await eventually(async () => expect([await count('destinations'), await count('shipments')]).toEqual([2, 2]));
  await keepHouseLongAgo(source, plan, 100);
  hear(FulfilmentContinued({ orderId: 'waits', shipments: [1, 2] }, 9));
  await eventually(async () => expect([await count('destinations'), await count('shipments')]).toEqual([1, 1]));

  await keepHouse(source, plan);
  expect([await count('destinations'), await count('shipments')]).toEqual([0, 0]);
  expect(await database.query('select order_id from destinations_archive')).toEqual([{ order_id: 'waits' }]);
  expect(await database.query('select order_id, shipment from shipments_archive')).toEqual([
    { order_id: 'waits', shipment: 1 },
  ]);

  hear(StockReserved({ orderId: 'waits', shipment: 2, location: 'West', lines, backordered: true }));
  await eventually(async () =>
    expect(await database.query('select shipment, state from shipments')).toEqual([{ shipment: 2, state: 'booking' }]),
  );
});
