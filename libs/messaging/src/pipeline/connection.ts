import pg from 'pg';
import type { Run } from '../state/rows.js';
import { DatabaseFault } from './errors.js';
import { Exchange, parserOf } from './exchange.js';

/**
 * The statements of a unit of work are planned once for a connection, whatever arrays they are given: planning them each
 * time would cost more than running those of a small unit of work. All look rows up by an index, one after another, which
 * is the right plan for any number of rows; the others are ruled out, since a table that is empty now does not tell them
 * apart.
 */
const PLANS = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
];

/** Moments are read as they are written then; see `parserOf`. */
const SETTINGS = [...PLANS, 'TimeZone=UTC'];

/**
 * The pool of the units of work, beside TypeORM's: its connections pipeline, so that statements which do not need one
 * another's answers share a round trip.
 */
export const unitOfWorkPool = (url: string, applicationName: string): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    application_name: applicationName,
    options: SETTINGS.map((setting) => `-c ${setting}`).join(' '),
    connectionTimeoutMillis: 5_000,
    // A server whose machine is gone answers nothing, not even that: then an error within half a minute, not never.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...({ pipeline: true } as object),
  });
  // A connection that breaks while it is idle is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  return pool;
};

/**
 * Runs a statement and gives its rows as arrays. Statements that are begun in one turn of the event loop share a round
 * trip, in the order of their beginning; after the first that fails none is run, and the connection must be closed.
 */
export const runOn = (client: pg.ClientBase): Run => {
  let upcoming: Exchange | undefined;
  const exchange = (): Exchange => {
    if (upcoming) return upcoming;
    const begun = new Exchange();
    upcoming = begun;
    setImmediate(() => {
      upcoming = undefined;
      client.query(begun);
    });
    return begun;
  };
  return (text, params, name) => {
    const answer = exchange()
      .add(text, params, name)
      .catch((error: unknown) => {
        throw new DatabaseFault(error);
      });
    // Who begins several, and then throws because the values of the next cannot be written, awaits none of them; their
    // connection is closed, and without a listener its error would end the process.
    answer.catch(() => undefined);
    return answer;
  };
};

/** Runs `work` on a connection of its own; one that failed is closed, not used again. */
export const withClient = async <T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  // Without a listener an error of the connection between two statements would end the process.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  let broken: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    broken = error as Error;
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
};

/** Rows of one statement, as objects, outside of any unit of work. */
export const query = async <Row extends object>(
  pool: pg.Pool,
  text: string,
  params: readonly unknown[] = [],
): Promise<Row[]> => {
  const { rows } = await pool.query<Row>({ text, values: [...params], types: { getTypeParser: parserOf } });
  return rows;
};
