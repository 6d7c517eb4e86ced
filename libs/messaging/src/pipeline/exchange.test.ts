import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../testing/index.js';
import { runOn, unitOfWorkPool, withClient } from './connection.js';
import { DatabaseFault } from './errors.js';

let database: FreshDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await freshDatabase();
  pool = unitOfWorkPool(database.url, 'exchange-test');
  await database.query('create table written (n int primary key)');
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** Counts what the database says while `work` is done. */
const answers = (client: pg.ClientBase, work: () => Promise<unknown>): Promise<readonly string[]> => {
  const { connection } = client as unknown as { readonly connection: NodeJS.EventEmitter };
  const names: string[] = [];
  const listen = ({ name }: { readonly name: string }) => names.push(name);
  connection.on('message', listen);
  return work().then(
    () => connection.off('message', listen) && names,
    (error: unknown) => {
      connection.off('message', listen);
      throw error;
    },
  );
};

test('statements of one turn are answered together, each with its own rows', async () => {
  await withClient(pool, async (client) => {
    const run = runOn(client);
    let results: { readonly rows: unknown[][] }[] = [];
    const heard = await answers(client, async () => {
      results = await Promise.all([
        run('begin', [], 'begin'),
        run('select $1::text, $2::int, null, now() is not null', ['one', 2], 'named'),
        run('select n from unnest($1::int[]) n', [[1, 2, 3]]),
        run("select '2026-01-02T03:04:05.6Z'::timestamptz", []),
        run('select 1 where false', []),
        run('commit', [], 'commit'),
      ]);
    });
    expect(results.map(({ rows }) => rows)).toEqual([
      [],
      [['one', 2, null, true]],
      [[1], [2], [3]],
      [['2026-01-02T03:04:05.600Z']],
      [],
      [],
    ]);
    expect(heard.filter((name) => name === 'readyForQuery')).toHaveLength(1);
  });
});

test('moments are read as ISO 8601, however they are written', async () => {
  await withClient(pool, async (client) => {
    const moments = [
      '2026-01-02T03:04:05.678Z',
      '2026-01-02T03:04:05Z',
      '2026-01-02T03:04:05.6789Z',
      '0044-01-02T03:04:05.678Z',
    ];
    const { rows } = await runOn(client)('select unnest($1::text[])::timestamptz', [moments]);
    expect(rows.flat()).toEqual(moments.map((moment) => new Date(moment).toISOString()));
    await runOn(client)("set time zone 'Asia/Kolkata'", []);
    const elsewhere = await runOn(client)("select timestamptz '2026-01-02T03:04:05.678Z'", []);
    expect(elsewhere.rows).toEqual([['2026-01-02T03:04:05.678Z']]);
    await runOn(client)('set time zone UTC', []);
  });
});

test('a statement with a name is planned and described once for a connection', async () => {
  await withClient(pool, async (client) => {
    const run = runOn(client);
    const ask = () => run('select $1::timestamptz', ['2026-01-01T00:00:00Z'], 'asked');
    const first = await answers(client, ask);
    expect(first.filter((name) => name === 'parseComplete' || name === 'rowDescription')).toHaveLength(2);
    const again = await answers(client, async () => expect((await ask()).rows).toEqual([['2026-01-01T00:00:00.000Z']]));
    expect(again.filter((name) => name === 'parseComplete' || name === 'rowDescription')).toHaveLength(0);
  });
});

test('the first that fails is why nothing after it is done, the commit included', async () => {
  const done: string[] = [];
  const failed: unknown[] = [];
  await expect(
    withClient(pool, async (client) => {
      const run = runOn(client);
      const insert = (n: number) =>
        run('insert into written values ($1)', [n], 'insert').then(
          () => done.push(`${n}`),
          (error: unknown) => {
            failed.push(error);
            throw error;
          },
        );
      await run('begin', [], 'begin');
      await Promise.all([insert(1), insert(1), insert(2), run('commit', [], 'commit')]);
    }),
  ).rejects.toThrow(DatabaseFault);
  expect(done).toEqual(['1']);
  expect(failed.map((error) => (error as DatabaseFault).code)).toEqual(['23505', '23505']);
  expect(await database.query('select * from written')).toEqual([]);
  // The connection is closed, and another has prepared nothing.
  await withClient(pool, (client) => runOn(client)('insert into written values ($1)', [3], 'insert'));
  expect(await database.query('select * from written')).toEqual([{ n: 3 }]);
});

test('what is broken off fails all that were sent', async () => {
  const run = withClient(pool, async (client) => {
    const send = runOn(client);
    const { rows } = await send('select pg_backend_pid()', []);
    const pending = Promise.allSettled([send('select pg_sleep(60)', []), send('select 1', [])]);
    await database.query(`select pg_terminate_backend(${Number(rows[0]?.[0])})`);
    return pending;
  });
  expect((await run).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('a parameter that cannot be sent fails all that would have left with it', async () => {
  const unfit = {
    toPostgres: () => {
      throw new Error('cannot be told');
    },
  };
  let settled: readonly PromiseSettledResult<unknown>[] = [];
  await expect(
    withClient(pool, async (client) => {
      const run = runOn(client);
      const sent = [run('select 1', []), run('select $1::text', [unfit])];
      settled = await Promise.allSettled(sent);
      await Promise.all(sent);
    }),
  ).rejects.toThrow('cannot be told');
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(withClient(pool, (client) => runOn(client)('select 2', []))).resolves.toEqual({ rows: [[2]] });
});
