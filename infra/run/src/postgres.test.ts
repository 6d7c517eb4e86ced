import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { startFromParent } from './killed-parent.fixture.js';
import { createDatabases, type Postgres, startPostgres } from './postgres.js';
import { identityOf, processesOf } from './processes-identity.js';

// mkdtemp makes a folder that only its owner may enter, which is also what a clone under /root is.
let folder: string;
let lines: string[];
let started: Postgres[];
const asRoot = process.getuid?.() === 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-postgres-'));
  lines = [];
  started = [];
});

afterEach(async () => {
  await Promise.all(started.map((postgres) => postgres.stop()));
  expect(processesOf('postgres', folder)).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<Postgres> {
  const postgres = await startPostgres({ dataDir: join(folder, 'data'), log: (line) => lines.push(line) });
  started.push(postgres);
  return postgres;
}

async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

test('Postgres starts in a folder of its owner alone, keeps its port, its password and its data, and stops', async () => {
  const first = await start();
  expect(first.url('orders')).toMatch(
    new RegExp(`^postgres://postgres:[\\w-]{32}@127\\.0\\.0\\.1:${first.port}/orders$`),
  );
  await createDatabases(first.url('postgres'), ['orders', 'with "quotes"']);
  await createDatabases(first.url('postgres'), ['orders', 'stock']);
  await query(first.url('orders'), "CREATE TABLE t AS SELECT '¾ 🚚' AS v");
  const [settings] = await query(
    first.url('with "quotes"'),
    `SELECT current_setting('server_encoding') AS encoding, current_setting('listen_addresses') AS address,
       current_setting('max_connections') AS connections, current_setting('fsync') AS fsync`,
  );
  expect(settings).toEqual({ encoding: 'UTF8', address: '127.0.0.1', connections: '200', fsync: 'on' });
  await expect(query(`postgres://postgres:guess@127.0.0.1:${first.port}/postgres`, 'SELECT 1')).rejects.toThrow(
    'password',
  );
  expect(statSync(join(folder, 'data', 'password')).mode & 0o777).toBe(0o600);
  await first.stop();
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(identityOf(first.pid)).toBeUndefined();

  const second = await start();
  expect(second.url('orders')).toBe(first.url('orders'));
  expect(await query(second.url('orders'), 'SELECT v FROM t')).toEqual([{ v: '¾ 🚚' }]);
  expect(lines).toEqual([expect.stringContaining('making a Postgres cluster')]);
});

test('A Postgres that was killed while sessions were open starts again on its port with what was committed', async () => {
  const first = await start();
  await query(first.url('postgres'), 'CREATE TABLE t (v int)');
  const session = new pg.Client({ connectionString: first.url('postgres') });
  session.on('error', () => {});
  await session.connect();
  await session.query('INSERT INTO t VALUES (1)');
  await session.query('BEGIN; INSERT INTO t VALUES (2)');
  const asleep = session.query('SELECT pg_sleep(60)').catch((error: Error) => error.message);
  process.kill(first.pid, 'SIGKILL');
  expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });

  const second = await start();
  expect(second.port).toBe(first.port);
  expect(await query(second.url('postgres'), 'SELECT v FROM t')).toEqual([{ v: 1 }]);
  expect(await asleep).toMatch(/terminat/i);
});

test('What a killed parent has left is shut down and started anew', async () => {
  const left = await startFromParent('postgres', 'startPostgres', join(folder, 'data'));
  await expect(start()).rejects.toThrow(`Process ${left.parent} is already running on`);
  await left.kill();
  expect(identityOf(left.pid)).toBeDefined();

  const postgres = await start();
  expect(identityOf(left.pid)).toBeUndefined();
  expect(postgres.pid).not.toBe(left.pid);
  expect(lines).toEqual([`Postgres (pid ${left.pid}) is left from an earlier run; shutting it down`]);
});

test('A Postgres whose folder was removed under it is shut down too', async () => {
  const first = await start();
  rmSync(join(folder, 'data'), { recursive: true });
  const second = await start();
  expect(identityOf(first.pid)).toBeUndefined();
  expect(await query(second.url('postgres'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('A kept port that somebody else has by now is given up', async () => {
  const first = await start();
  await first.stop();
  const other = createServer().listen(first.port, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const second = await start();
  expect(second.port).not.toBe(first.port);
  expect(await query(second.url('postgres'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test.runIf(asRoot)(
  'Under root without user namespaces it runs as nobody, or says which folder is in the way',
  async () => {
    process.env['BATON_POSTGRES_USER_NAMESPACE'] = '0';
    onTestFinished(() => void delete process.env['BATON_POSTGRES_USER_NAMESPACE']);
    await expect(start()).rejects.toThrow(`no other user may enter ${folder}`);
    chmodSync(folder, 0o755);
    const first = await start();
    expect(statSync(`/proc/${first.pid}`).uid).toBe(65_534);
    await query(first.url('postgres'), 'CREATE TABLE t AS SELECT 1 AS v');
    await first.stop();
    // And back, when namespaces are allowed again: the files change their owner.
    delete process.env['BATON_POSTGRES_USER_NAMESPACE'];
    expect(await query((await start()).url('postgres'), 'SELECT v FROM t')).toEqual([{ v: 1 }]);
  },
);
