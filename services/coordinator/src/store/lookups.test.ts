import { OrderPlaced } from '@baton/contracts';
import { encode } from '@baton/messaging';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { type RunningService, startService } from '@baton/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { coordinator } from '../coordinator.module.js';

let database: FreshDatabase;
let service: RunningService;
let transport: MemoryTransport;

beforeAll(async () => {
  database = await freshDatabase();
  transport = new MemoryTransport();
  service = await startService(coordinator, {
    env: { DATABASE_URL: database.url, LOG_LEVEL: 'silent' },
    transport,
  });
});
afterAll(async () => {
  await service?.stop();
  await database?.drop();
});

const place = async (orderId: string): Promise<void> => {
  const now = new Date().toISOString();
  const address = { city: 'Paris', postalCode: '75001', country: 'France' };
  const draft = OrderPlaced({
    orderId,
    customer: { name: 'Ada', email: 'ada@example.test', address },
    serviceLevel: 'standard',
    onShortage: 'backorder',
    lines: [{ lineId: 'a', sku: 'chair', quantity: 2 }],
    placedAt: now,
  });
  transport.deliver([encode(draft, now, {})]);
  await eventually(async () => (await fetch(`${service.url}/sagas/${orderId}`)).status === 200);
};

/** How often each index of the sagas was gone into; a connection tells when it falls idle. */
const scans = async (): Promise<Readonly<Record<string, number>>> => {
  const rows = await database.query(
    `select indexrelname as name, idx_scan as scans from pg_stat_user_indexes where relname = 'saga'`,
  );
  return Object.fromEntries(rows.map(({ name, scans }) => [String(name), Number(scans)]));
};

it('looks sagas up by their key alone, though its statements are planned while there are none', async () => {
  for (const orderId of ['o-1', 'o-2', 'o-3']) await place(orderId);
  const found = await eventually(async () => {
    const known = await scans();
    const { saga_pkey = 0, saga_by_age = 0, saga_by_status = 0 } = known;
    expect(saga_pkey + saga_by_age + saga_by_status).toBeGreaterThan(3);
    return known;
  });
  expect(found).toMatchObject({ saga_by_age: 0, saga_by_status: 0 });
});
