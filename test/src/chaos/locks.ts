import pg from 'pg';
import type { ChaosSystem } from './chaos-system.js';

/**
 * Holds a lock in a service's database while `work` runs, so that units of work that need it stand still in the middle
 * of their transaction, all of them for as long as it takes to kill somebody there.
 * @param lock a statement that takes the lock: on a row, which units of work read first, or on a table that they write
 */
export const whileLocked = async (
  chaos: ChaosSystem,
  database: string,
  lock: string,
  work: () => Promise<void>,
): Promise<void> => {
  const client = new pg.Client({ connectionString: chaos.system.databaseUrl(`baton_${database}`) });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('begin');
    await client.query(lock);
    await work();
  } finally {
    // A closed connection ends its transaction.
    await client.end();
  }
};

/** Waits until units of work of a service stand still at a lock. */
export const standingStill = (chaos: ChaosSystem, service: string, least = 1): Promise<void> =>
  chaos.until(`a unit of work of ${service} stands still in the middle`, async () => {
    const rows = await chaos.query(
      service,
      `select 1 from pg_stat_activity
       where datname = current_database() and application_name = $1 and wait_event_type = 'Lock' and xact_start is not null`,
      [`baton-${service}`],
    );
    return rows.length >= least;
  });
