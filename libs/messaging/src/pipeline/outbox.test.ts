import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '../testing/index.js';
import { TallyService, wish } from '../testing/tally.js';

/** Units of work between two looks at the size of the outbox. */
const UNITS = 150;

let database: FreshDatabase;
let transport: MemoryTransport;
let service: TallyService;

beforeEach(async () => {
  database = await freshDatabase();
  transport = new MemoryTransport();
  service = await TallyService.start(database, transport);
});
afterEach(async () => {
  await service.stop();
  await database.drop();
});

const heard = async (): Promise<number> =>
  Number((await database.query('select coalesce(sum(jsonb_array_length(heard)), 0)::int as n from tally'))[0]?.['n']);

test('the outbox does not bloat: every unit of work takes the row of the one before away, and its room is used again', async () => {
  let wishes = 0;
  const work = async (): Promise<number> => {
    for (let n = 0; n < UNITS; n += 1) {
      wishes += 1;
      transport.deliver([wish(`order-${wishes}`, 1)]);
      // Each in a unit of work of its own.
      await eventually(async () => (await heard()) === wishes);
    }
    await eventually(async () => (await database.query('select 1 from outbox')).length === 0);
    // What autovacuum does within its naptime, see below.
    await database.query('vacuum outbox');
    const [size] = await database.query(`select pg_total_relation_size('outbox')::int as bytes`);
    return Number(size?.['bytes']);
  };
  const first = await work();
  const later = [await work(), await work()];
  expect(transport.records.length).toBe(3 * UNITS);
  expect(Math.max(...later)).toBeLessThanOrEqual(first);

  // Postgres does it by itself after so many rows, not after a share of a table that is nearly empty.
  const [options] = await database.query(
    `select c.reloptions || t.reloptions as options from pg_class c join pg_class t on t.oid = c.reltoastrelid
     where c.relname = 'outbox'`,
  );
  expect(options?.['options']).toEqual([
    'autovacuum_vacuum_scale_factor=0',
    'autovacuum_vacuum_threshold=500',
    'autovacuum_vacuum_cost_delay=0',
    'autovacuum_vacuum_scale_factor=0',
    'autovacuum_vacuum_threshold=1000',
  ]);
}, 60_000);
