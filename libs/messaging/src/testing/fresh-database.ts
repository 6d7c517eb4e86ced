import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of a test's own. */
export interface FreshDatabase {
  readonly url: string;
  /** Runs one statement and gives its rows. */
  query(sql: string, params?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Cuts every connection but this one's, as a restart of the server would. */
  cutConnections(): Promise<void>;
  drop(): Promise<void>;
}

/**
 * Makes an empty database on the server that tests share.
 * @throws Error when BATON_TEST_POSTGRES does not name a server
 */
export const freshDatabase = async (): Promise<FreshDatabase> => {
  const server = process.env.BATON_TEST_POSTGRES;
  if (!server) throw new Error('BATON_TEST_POSTGRES is not set; run the tests from the top, which starts Postgres.');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Pool({ connectionString: server, max: 1 });
  admin.on('error', () => undefined);
  await admin.query(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 2, application_name: 'test' });
  pool.on('error', () => undefined);
  return {
    url: url.href,
    query: async (sql, params = []) => (await pool.query<Record<string, unknown>>(sql, [...params])).rows,
    cutConnections: async () => {
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name <> 'test'`,
        [name],
      );
    },
    drop: async () => {
      await pool.end();
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
};
