import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../testing/index.js';
import { tallyWorld, wish } from '../testing/tally.js';

/** Units of work between two looks at the size of the outbox. */
const UNITS = 150;

let world: Awaited<ReturnType<typeof tallyWorld>>;

beforeEach(async () => {
  world = await tallyWorld();
});
afterEach(() => world.stop());

const heard = async (): Promise<number> =>
  Number(
    (await world.database.query('select coalesce(sum(jsonb_array_length(heard)), 0)::int as n from tally'))[0]?.['n'],
  );

test('the outbox does not bloat: every unit of work takes the row of the one before away, and its room is used again', async () => {
  let wishes = 0;
  const work = async (): Promise<number> => {
    for (let n = 0; n < UNITS; n += 1) {
      wishes += 1;
      world.transport.deliver([wish(`order-${wishes}`, 1)]);
      // Each in a unit of work of its own.
      await eventually(async () => (await heard()) === wishes);
    }
    await eventually(async () => (await world.database.query('select 1 from outbox')).length === 0);
    // What autovacuum does within its naptime, see below.
    await world.database.query('vacuum outbox');
    const [size] = await world.database.query(`select pg_total_relation_size('outbox')::int as bytes`);
    return Number(size?.['bytes']);
  };
  const first = await work();
  const later = [await work(), await work()];
  expect(world.transport.records.length).toBe(3 * UNITS);
  expect(Math.max(...later)).toBeLessThanOrEqual(first);

  // Postgres does it by itself after so many rows, not after a share of a table that is nearly empty.
  const [options] = await world.database.query(
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
