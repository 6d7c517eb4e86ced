import { type EventDraft, OrderPlaced } from '@baton/contracts';
import { encode } from '@baton/messaging';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { type RunningService, startService } from '@baton/service-kit';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { coordinator } from './coordinator.module.js';
import { longSagas } from './deadlines.js';
import { Continued1764000011000 } from './store/migrations/7-continued.js';

const DAY_MS = 24 * 3_600_000;
const start = Date.parse('2026-01-01T00:00:00Z');
const day = (n: number): string => new Date(start + n * DAY_MS).toISOString();
const lines = [{ lineId: 'a', sku: 'chair', quantity: 2 }];
const placed = (orderId: string): EventDraft =>
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
    placedAt: day(0),
  });

let database: FreshDatabase;
let service: RunningService;
let transport: MemoryTransport;

const run = async (): Promise<void> => {
  service = await startService(coordinator, { env: { DATABASE_URL: database.url, LOG_LEVEL: 'silent' }, transport });
};
const hear = (...drafts: readonly EventDraft[]): void =>
  transport.deliver(drafts.map((draft) => encode(draft, day(0), {})));
const sagas = async (condition = 'true') =>
  (await database.query(`select order_id from saga where ${condition} order by 1`)).map((row) => row['order_id']);
const due = async (at: string) =>
  (await longSagas.next(database.query, at, 10)).map(({ command, data }) => command.keyOf(data));
const continued = () =>
  transport.records
    .filter(({ headers }) => headers['ce_type'] === 'baton.coordinator.FulfilmentContinued.v1')
    .map(({ headers, value }) => [headers['ce_id'], JSON.parse(value.toString('utf8'))]);

beforeAll(async () => {
  database = await freshDatabase();
  transport = new MemoryTransport();
  await run();
});
afterAll(async () => {
  await service?.stop();
  await database?.drop();
});

it('An_order_that_takes_long is said to be still under way every ten days until it has ended', async () => {
  hear(placed('long'), placed('young'), placed('gone'));
  await eventually(async () => expect(await sagas()).toEqual(['gone', 'long', 'young']));
  await service.stop();
  await database.query(`update saga set created_at = $1 where order_id <> 'young'`, [day(0)]);
  await database.query(`update saga set created_at = $1 where order_id = 'young'`, [day(19)]);
  await database.query(`update saga set ended_at = $1, status = 'completed' where order_id = 'gone'`, [day(1)]);
  expect([await due(day(9.9)), await due(day(10)), await due(day(29))]).toEqual([[], ['long'], ['long', 'young']]);

  await database.query(`update saga set created_at = now() - interval '9 days' where order_id = 'young'`);
  await database.query(`update saga set created_at = now() - interval '25 days' where order_id = 'long'`);
  await run();
  const said = ['long/0/FulfilmentContinued/1/2', { orderId: 'long', shipments: [1] }];
  await eventually(() => expect(continued()).toEqual([said]));
  expect(await sagas('continued_at is not null')).toEqual(['long']);
  const at = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();
  expect(await due(at(0))).toEqual([]);
  expect(await due(at(10))).toEqual(['long', 'young']);
});

it('An_upgrade says it of what takes long already a day later, when all services know the event', async () => {
  const runner = service.app.get(DataSource).createQueryRunner();
  const migration = new Continued1764000011000();
  await migration.down(runner);
  await migration.up(runner);
  await runner.release();
  const at = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();
  expect(await due(at(0))).toEqual([]);
  expect(await due(at(1.01))).toEqual(['long', 'young']);
});
