import { databaseName, type Places } from './places.js';
import { createDatabases, startPostgres } from './postgres.js';
import type { Supervisor } from './processes.js';
import type { Say } from './system.js';

/**
 * Starts a Postgres that is kept running, and makes the databases that it lacks.
 * @returns the address of a database by its name
 */
export const superviseDatabases = async (
  supervisor: Supervisor,
  places: Places,
  owners: readonly Parameters<typeof databaseName>[0][],
  say: Say,
): Promise<(database: string) => string> => {
  let port: { readonly port?: number } = {};
  const postgres = await supervisor.supervise({
    name: 'postgres',
    start: () => startPostgres({ dataDir: places.file('postgres'), log: say, ...port }),
  });
  // The services know the port of the first start, so that every later one takes the same.
  port = { port: postgres.port };
  await createDatabases(postgres.url('postgres'), owners.map(databaseName));
  return (database) => postgres.url(database);
};
