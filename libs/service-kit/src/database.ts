import { messagingMigrations, patiently, type PipelineLog } from '@baton/messaging';
import { DataSource } from 'typeorm';
import { isAway } from './away.js';
import { ConfigError } from './config.js';
import type { ServiceDefinition } from './service.js';

/** Any number; the same in all processes, so that one of them migrates while the others wait. */
const MIGRATION_LOCK = 7_283_311;
const RETRY_MS = 500;

/** Does what needs the database, and again for as long as that is away; `signal` ends the waiting, with the last error. */
export const onceThere = <Result>(
  log: PipelineLog,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> => {
  let isTold = false;
  return patiently(work, {
    giveUp: (error) => error instanceof ConfigError || !isAway(error),
    onFailure: (error) => {
      if (!isTold) log.warn('Postgres does not answer, waiting', { reason: (error as Error).message });
      isTold = true;
    },
    signal,
    firstMs: RETRY_MS,
    maxMs: RETRY_MS,
  });
};

/**
 * Connects a service to its database, waiting for one that is away, and brings its tables up to date; several processes
 * may start at once.
 * @param signal ends the waiting, with the last error
 */
export const openDatabase = async (
  definition: ServiceDefinition,
  url: string,
  log: PipelineLog,
  signal?: AbortSignal,
): Promise<DataSource> => {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    applicationName: `baton-${definition.name}-reads`,
    entities: [...definition.entities],
    migrations: [...messagingMigrations, ...definition.migrations],
    migrationsTableName: 'migration',
    poolErrorHandler: () => undefined,
    extra: { max: 5, connectionTimeoutMillis: 5_000 },
  });
  await onceThere(log, signal, async () => {
    try {
      await dataSource.initialize();
    } catch (error) {
      if (isAway(error)) throw error;
      throw new ConfigError(`DATABASE_URL does not fit: ${(error as Error).message}.`);
    }
  });
  await onceThere(log, signal, () => migrate(dataSource));
  return dataSource;
};

const migrate = async (dataSource: DataSource): Promise<void> => {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await dataSource.runMigrations({ transaction: 'each' });
  } finally {
    // A connection that is kept would keep the lock, and the next try wait for it; one that broke has lost it.
    await runner.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await runner.release();
  }
};
