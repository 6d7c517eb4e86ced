import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type PostgresPrograms, postgresPrograms } from './postgres-binaries.js';
import {
  claimFolder,
  endProcess,
  type Exit,
  gone,
  identityOf,
  type Log,
  processesOf,
  releaseFolder,
  type Running,
  signal,
} from './processes-identity.js';
import { freePort, keepPort, keptPort } from './processes-ports.js';

/** Where and how to start the embedded Postgres. */
export interface PostgresOptions {
  /** Everything of it lies here: the cluster, its port, its password, its log. Made if it is missing. */
  readonly dataDir: string;
  /** A port that must be this one; without it, the port of the last start if free, else any. */
  readonly port?: number;
  /** Server settings for this start alone, over our own, as `postgres -c name=value` takes them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Progress for people; called only for what takes time or is worth knowing. */
  readonly log?: Log;
}

/** A running Postgres that answers. */
export interface Postgres extends Running {
  readonly port: number;
  /** The address of a database for the superuser, `postgres://…@127.0.0.1:port/database`. */
  url(database: string): string;
}

const SUPERUSER = 'postgres';
const READY_DEADLINE = 120_000; // a long crash recovery included
const BUSY_DEADLINE = 20_000; // for what an earlier Postgres still holds
const LOG_LIMIT = 10 << 20;

// Fast shutdown, immediate shutdown (recovers at the next start), and force.
const STOP_STEPS = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
] as const;

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '160MB',
  // After a checkpoint each page is logged as a whole once more: with less, one follows another under load.
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  jit: 'off',
  // Parallel workers need shared memory that small containers lack, and two cores gain nothing from them.
  max_parallel_workers_per_gather: '0',
  log_min_messages: 'warning',
  timezone: 'UTC',
} as const;

/**
 * Starts a real Postgres from npm's binaries on 127.0.0.1 and resolves when it answers. A Postgres that a killed parent
 * left on the same folder is shut down first, a killed one recovers. Throws when another living process holds the
 * folder, when `port` stays busy, or when Postgres does not come up; the error then holds the end of its log.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const log = options.log ?? (() => {});
  claimFolder(options.dataDir);
  const folder = realpathSync(options.dataDir);
  const cluster = join(folder, 'cluster');
  await endLeftBehind(cluster, log);
  const programs = postgresPrograms(folder);
  const password = keptPassword(folder, programs);
  if (!existsSync(cluster)) await initialize(folder, cluster, programs, log);

  const portFile = join(folder, 'port');
  const until = Date.now() + BUSY_DEADLINE;
  let port = options.port ?? (await keptPort(portFile));
  for (;;) {
    const attempt = await launch(
      folder,
      cluster,
      { ...SETTINGS, ...options.settings, port: String(port) },
      password,
      programs,
      log,
    );
    if ('pid' in attempt) {
      keepPort(portFile, port);
      return attempt;
    }
    // Sessions of a killed Postgres hold its shared memory until they notice; a port may be taken at the last moment.
    const portTaken = /could not (bind|create any TCP)/.test(attempt.said);
    if (Date.now() > until || !(portTaken || /shared memory block|lock file/.test(attempt.said))) {
      releaseFolder(folder);
      throw new Error(
        `Postgres did not start (port ${port}, log in ${join(folder, 'postgres.log')}):\n${attempt.said}`,
      );
    }
    if (portTaken && options.port === undefined) port = await freePort();
    await sleep(250);
  }
}

/** Creates the databases that are missing. `url` is a superuser's address of any database of the server. */
export async function createDatabases(url: string, names: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
    const present = new Set(rows.map((row) => row.datname));
    for (const name of names.filter((wanted) => !present.has(wanted))) {
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`).catch((error: { code?: string }) => {
        // Somebody else created it at the same moment: duplicate_database, or the unique index behind it.
        if (error.code !== '42P04' && error.code !== '23505') throw error;
      });
    }
  } finally {
    await client.end();
  }
}

/** Shuts down a Postgres that runs on the cluster although nobody owns the folder, and clears a stale lock file. */
async function endLeftBehind(cluster: string, log: Log): Promise<void> {
  const lockFile = join(cluster, 'postmaster.pid');
  // One whose folder was removed under it has no lock file any more, and runs on.
  const pid = existsSync(lockFile) ? Number(readFileSync(lockFile, 'utf8').split('\n', 1)[0]) : undefined;
  const ours = processesOf('postgres', cluster);
  for (const left of ours) {
    log(`Postgres (pid ${left}) is left from an earlier run; shutting it down`);
    await endProcess(left, gone(left), STOP_STEPS);
  }
  // A pid that another program has by now would make Postgres refuse to start.
  if (pid !== undefined && !ours.includes(pid) && identityOf(pid) !== undefined) rmSync(lockFile, { force: true });
}

/** The superuser's password, made once, readable by Postgres' user alone. */
function keptPassword(folder: string, programs: PostgresPrograms): string {
  const file = join(folder, 'password');
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
    if (programs.uid !== undefined) chownSync(file, programs.uid, programs.gid ?? programs.uid);
  }
  chmodSync(file, 0o600);
  return readFileSync(file, 'utf8').trim();
}

async function initialize(folder: string, cluster: string, programs: PostgresPrograms, log: Log): Promise<void> {
  log(`making a Postgres cluster in ${folder}`);
  // Under another name until it is whole: a run that is killed here must not leave half a cluster.
  const unfinished = join(folder, 'cluster.new');
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  if (programs.uid !== undefined) chownSync(unfinished, programs.uid, programs.gid ?? programs.uid);
  const child = run(programs, programs.initdb, folder, [
    '-D',
    unfinished,
    '-U',
    SUPERUSER,
    '--encoding=UTF8',
    '--locale=C',
    '--auth=scram-sha-256',
    `--pwfile=${join(folder, 'password')}`,
  ]);
  const exit = await exitOf(child);
  if (exit.code !== 0) {
    releaseFolder(folder);
    throw new Error(`initdb failed (${exit.signal ?? exit.code ?? 'not started'}):\n${tailOf(folder, 0)}`);
  }
  renameSync(unfinished, cluster);
}

async function launch(
  folder: string,
  cluster: string,
  serverSettings: Readonly<Record<string, string>> & { readonly port: string },
  password: string,
  programs: PostgresPrograms,
  log: Log,
): Promise<Postgres | { readonly said: string }> {
  const logged = logSize(folder);
  const settings = Object.entries(serverSettings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const port = Number(serverSettings.port);
  const child = run(programs, programs.postgres, folder, ['-D', cluster, ...settings]);
  const exited = exitOf(child);
  const { pid } = child;
  let ended = false;
  void exited.then(() => (ended = true));
  const url = (database: string): string =>
    `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;

  const begun = Date.now();
  let told = begun;
  while (pid !== undefined && !ended) {
    if (await answers(url('postgres'))) {
      return { pid, port, url, exited, partingSignal: 'SIGINT', stop: stopper(folder, pid, exited, programs) };
    }
    const now = Date.now();
    if (now - told > 5_000) log(`waiting for Postgres (recovering, ${Math.round((now - begun) / 1000)} s)`);
    if (now - told > 5_000) told = now;
    if (now - begun > READY_DEADLINE) await endProcess(pid, exited, STOP_STEPS);
    else await sleep(25);
  }
  await exited;
  return { said: tailOf(folder, logged) };
}

function stopper(folder: string, pid: number, exited: Promise<Exit>, programs: PostgresPrograms): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  // Windows has no signals; there pg_ctl delivers them.
  const send = (to: number, name: NodeJS.Signals): unknown =>
    process.platform === 'win32' && name !== 'SIGKILL'
      ? spawn(programs.pgCtl, ['kill', name.slice(3), String(to)], { stdio: 'ignore' })
      : signal(to, name);
  return () => (stopping ??= endProcess(pid, exited, STOP_STEPS, send).then(() => releaseFolder(folder)));
}

/** Spawns a program of Postgres in a process group of its own, so that Ctrl-C in the terminal does not reach it. */
function run(programs: PostgresPrograms, program: string, folder: string, args: readonly string[]): ChildProcess {
  const [command = program, ...rest] = [...programs.prefix, program, ...args];
  const file = join(folder, 'postgres.log');
  const output = openSync(file, logSize(folder) > LOG_LIMIT ? 'w' : 'a', 0o600);
  const env = {
    PATH: process.env['PATH'],
    LC_ALL: 'C',
    ...(process.platform === 'win32' && { SystemRoot: process.env['SystemRoot'] }),
  };
  const { uid, gid } = programs;
  const child = spawn(command, rest, {
    detached: true,
    cwd: folder,
    env,
    stdio: ['ignore', output, output],
    windowsHide: true,
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  });
  closeSync(output);
  return child;
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, by) => resolve({ code, signal: by }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function logSize(folder: string): number {
  const file = join(folder, 'postgres.log');
  return existsSync(file) ? statSync(file).size : 0;
}

/** What the log says from a byte on, at most its last 2,000 characters. */
function tailOf(folder: string, from: number): string {
  const file = join(folder, 'postgres.log');
  if (!existsSync(file)) return '(no log)';
  const text = readFileSync(file);
  return (text.length < from ? text : text.subarray(from)).toString('utf8').slice(-2_000).trim();
}
