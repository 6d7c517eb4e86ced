import {
  CustomerNotified,
  type EventDraft,
  type MailReason,
  OrderCancellationRequested,
  OrderPlaced,
  PickListPacked,
  ShipmentBooked,
  ShipmentDelivered,
  ShipmentDispatched,
  StockReserved,
  StockSettled,
} from '@baton/contracts';
import { encode } from '@baton/messaging';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { type RunningService, startService } from '@baton/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { coordinator } from './coordinator.module.js';
import { KpiRollup } from './kpis/rollup.js';

const ORDER = 'o-1';
const now = new Date().toISOString();
const lines = [{ lineId: 'a', sku: 'chair', quantity: 2 }];
const of = { orderId: ORDER, shipment: 1 };
const parcel = { ...of, attempt: 1, carrier: 'swift', trackingNumber: 'T-1' };
const told = (reason: MailReason, shipment: number): EventDraft =>
  CustomerNotified({ orderId: ORDER, shipment, reason, messageId: `m-${reason}` }, reason);
const customer = {
  name: 'Ada',
  email: 'ada@example.test',
  address: { city: 'Paris', postalCode: '75001', country: 'France' },
};
const story: readonly EventDraft[] = [
  OrderPlaced({ orderId: ORDER, customer, serviceLevel: 'standard', onShortage: 'cancel', lines, placedAt: now }),
  StockReserved({ ...of, location: 'West', lines, backordered: false }),
  PickListPacked({ ...of, location: 'West', lines, parcels: 1 }),
  ShipmentBooked(parcel),
  ShipmentDispatched({ ...parcel, dispatchedAt: now }),
  StockSettled({ ...of, location: 'West', lines }),
  ShipmentDelivered({ ...parcel, deliveredAt: now }),
  told('order-placed', 0),
  told('shipment-dispatched', 1),
  told('shipment-delivered', 1),
];

let database: FreshDatabase;
let service: RunningService;
let transport: MemoryTransport;

const hear = (...drafts: readonly EventDraft[]): void =>
  transport.deliver(drafts.map((draft) => encode(draft, now, {})));
const http = async (path: string) => (await (await fetch(`${service.url}${path}`)).json()) as Record<string, unknown>;
const said = (name: string) =>
  transport.records
    .filter(({ headers }) => headers['ce_type']?.split('.')[2] === name)
    .map(({ value }) => value.toString('utf8'));
const count = async (from: string) => (await database.query(`select count(*)::int as n from ${from}`))[0]?.['n'];
const keepHouse = async (): Promise<void> => {
  await database.query(`update saga set updated_at = '2026-01-01' where updated_at > '2026-01-02'`);
  await database.query(`update kpi_saga set counted_at = now() - interval '1 day'`);
  await service.housekeeper?.round(new Date());
};

beforeAll(async () => {
  database = await freshDatabase();
  transport = new MemoryTransport();
  const env = { DATABASE_URL: database.url, LOG_LEVEL: 'silent', KPI_ROLLUP_SECONDS: '3600' };
  service = await startService(coordinator, { env, transport });
});
afterAll(async () => {
  await service.stop();
  await database.drop();
});

it('An_ended_saga_in_the_archive is read, listed and counted, answers each wish, and is counted once for KPIs', async () => {
  hear(...story);
  await eventually(async () => expect(await http(`/sagas/${ORDER}`)).toMatchObject({ status: 'completed' }));
  // Its last deadline passes; until then it is looked for in the table.
  await keepHouse();
  expect(await count('saga_archive')).toBe(0);
  await database.query('update saga set due_at = now()');
  await eventually(async () => expect(await count('saga where due_at is null')).toBe(1));
  const before = [await http(`/sagas/${ORDER}`), await http('/sagas?status=completed'), await http('/sagas/counts')];
  const kpis = async () => {
    await service.app.get(KpiRollup).run(new Date());
    const rows = await database.query(`select tally->'counts' as counts from kpi_rollup where span = 'day'`);
    return rows.map(({ counts }) => counts);
  };
  expect(await kpis()).toMatchObject([{ placed: 1, completed: 1 }]);

  await keepHouse();
  expect([await count('saga'), await count('saga_archive'), await count('kpi_saga_archive')]).toEqual([0, 1, 1]);
  expect(await count('kpi_saga')).toBe(0);
  const after = [await http(`/sagas/${ORDER}`), await http('/sagas?status=completed'), await http('/sagas/counts')];
  expect(after).toEqual(before);

  hear(OrderCancellationRequested({ orderId: ORDER, wish: 1 }, 1));
  await eventually(() => expect(said('CancellationRefused')).toHaveLength(1));
  expect(JSON.parse(said('CancellationRefused')[0] ?? '')).toMatchObject({ orderId: ORDER });
  expect(await kpis()).toMatchObject([{ placed: 1, completed: 1 }]);
  expect(await http('/sagas/counts')).toEqual(before[2]);

  await database.query('update saga set due_at = null');
  await keepHouse();
  expect(await count('saga')).toBe(0);
  hear(OrderCancellationRequested({ orderId: ORDER, wish: 2 }, 2));
  await eventually(() => expect(said('CancellationRefused')).toHaveLength(2));
});

it('An_old_event_that_is_published_twice finds its saga in the archive and changes nothing', async () => {
  await database.query('update saga set due_at = null');
  await keepHouse();
  expect(await count('saga')).toBe(0);
  const before = [await http(`/sagas/${ORDER}`), said('FulfilmentStarted').length, said('FulfilmentCompleted').length];
  const published = transport.records.length;
  hear(...story);
  await eventually(async () => expect(await count('saga')).toBe(1));
  expect(await http(`/sagas/${ORDER}`)).toEqual(before[0]);
  expect([said('FulfilmentStarted').length, said('FulfilmentCompleted').length]).toEqual(before.slice(1));
  expect(transport.records.length).toBe(published);
});
