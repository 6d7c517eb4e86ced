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

/** How often each index of the sagas and of their archive was gone into; a connection tells when it falls idle. */
const scans = async (): Promise<Readonly<Record<string, number>>> => {
  const rows = await database.query(
    `select indexrelname as name, idx_scan as scans from pg_stat_user_indexes
     where relname = 'saga' or relname like 'saga_archive_%'`,
  );
  return Object.fromEntries(rows.map(({ name, scans }) => [String(name), Number(scans)]));
};

it('looks sagas up by their key alone, though its statements are planned while there are none', async () => {
  for (const orderId of ['o-1', 'o-2', 'o-3']) await place(orderId);
  const found = await eventually(async () => {
    const known = await scans();
    expect(Object.values(known).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(6);
    return known;
  });
  const byTheKey = /^saga_pkey$|_definition_order_id_idx$/;
  // The KPIs' first look for the oldest saga may fall into this; lookups that went by age would be many more.
  const least = (name: string): number => (/^saga_by_age$|_definition_created_at_order_id_idx$/.test(name) ? 2 : 0);
  const others = Object.entries(found).filter(([name, count]) => count > least(name) && !byTheKey.test(name));
  // Whoever looks for deadlines, and for sagas that nobody watches, has an index of its own.
  expect(others.filter(([name]) => !/^saga_(due|unwatched)$/.test(name))).toEqual([]);
  expect(Object.keys(found).filter((name) => /archive.*_definition_order_id_idx$/.test(name))).not.toEqual([]);
});
