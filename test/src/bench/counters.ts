import { readdirSync, readFileSync } from 'node:fs';
import { databaseName, databases } from '@baton/run';
import pg from 'pg';
import type { BenchSystem } from './system.js';

/** What the system has used and done up to a moment; the difference of two is what a figure cost. */
export interface Counts {
  /** CPU seconds. */
  readonly node: number;
  readonly shop: number;
  readonly kafka: number;
  readonly postgres: number;
  /** Bytes written to the write-ahead log, fsyncs of all kinds, commits in the services' databases, their size. */
  readonly wal: number;
  readonly fsyncs: number;
  readonly commits: number;
  readonly databaseBytes: number;
  /** Events in the topics, and records that consumers have handled or passed over; the shop's own are left out. */
  readonly events: number;
  readonly deliveries: number;
  /** Effects that are decided and have no answer yet, such as mails to be sent. */
  readonly effects: number;
}

/** Linux counts CPU time in these, whatever the kernel's own tick is. */
const TICKS_A_SECOND = 100;

const statOf = (pid: number): readonly string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

/** CPU seconds of a process and of the children that it has buried. */
const cpuOf = (pid: number): number => {
  const [user, system, childUser, childSystem] = statOf(pid).slice(11, 15).map(Number);
  return ((user ?? 0) + (system ?? 0) + (childUser ?? 0) + (childSystem ?? 0)) / TICKS_A_SECOND;
};

/** CPU seconds of a process and all its children. */
const cpuOfTree = (root: number): number => {
  let sum = cpuOf(root);
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (Number(statOf(Number(name))[1]) === root) sum += cpuOf(Number(name));
    } catch {
      // It has ended meanwhile; the root counts it from now on.
    }
  }
  return sum;
};

const kilobytesIn = (file: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(file, 'utf8'))?.[1] ?? 0);

/** Bytes that processes have resident, added up: pages that several share count several times. */
export const rssOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + kilobytesIn(`/proc/${pid}/status`, 'VmRSS') * 1_024, 0);

/**
 * The same with shared pages counted once. The kernel walks through all of them for it, which holds a large process up
 * for milliseconds; 0 where it does not say.
 */
export const pssOf = (pids: readonly number[]): number => {
  try {
    return pids.reduce((sum, pid) => sum + kilobytesIn(`/proc/${pid}/smaps_rollup`, 'Pss') * 1_024, 0);
  } catch {
    return 0;
  }
};

const SERVER = `
  select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as wal,
    (select coalesce(sum(fsyncs), 0) from pg_stat_io)::float8 as fsyncs,
    (select sum(xact_commit) from pg_stat_database where datname like 'baton%')::float8 as commits,
    (select sum(pg_database_size(oid)) from pg_database where datname like 'baton%')::float8 as "databaseBytes"`;

type Server = Pick<Counts, 'wal' | 'fsyncs' | 'commits' | 'databaseBytes'>;

/** Reads what the processes and Postgres have counted. */
export class Counters {
  private readonly server: pg.Pool;
  private readonly services: readonly pg.Pool[];

  constructor(private readonly system: BenchSystem) {
    const pool = (name: string): pg.Pool =>
      // A server that stops may end connections before we have.
      new pg.Pool({ connectionString: system.databaseUrl(name), max: 1 }).on('error', () => undefined);
    this.server = pool('postgres');
    this.services = databases.map((name) => pool(databaseName(name)));
  }

  async read(): Promise<Counts> {
    const { host, kafkaPid, postgresPid } = this.system;
    const own = cpuOf(process.pid);
    const inHere = host.pids.includes(process.pid);
    const [server, traffic] = await Promise.all([this.server.query<Server>(SERVER), this.traffic()]);
    const [row] = server.rows;
    if (!row) throw new Error('Postgres counts nothing.');
    return {
      node: host.pids.reduce((sum, pid) => sum + cpuOf(pid), 0),
      shop: inHere ? 0 : own,
      kafka: kafkaPid === undefined ? 0 : cpuOf(kafkaPid),
      postgres: cpuOfTree(postgresPid),
      ...row,
      ...traffic,
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.server, ...this.services].map((pool) => pool.end()));
  }

  /** Every topic has a reader, so that the furthest position in a partition is the number of its events. */
  private async traffic(): Promise<Pick<Counts, 'events' | 'deliveries' | 'effects'>> {
    const furthest = new Map<string, number>();
    let deliveries = 0;
    let effects = 0;
    const sql = `
      select topic || '/' || partition as name, next_offset::float8 as offset from position
      union all select '', count(*)::float8 from effect
      union all select '', coalesce(sum(bit_count(open)), 0)::float8 from effect_batch`;
    for (const { rows } of await Promise.all(
      this.services.map((pool) => pool.query<{ readonly name: string; readonly offset: number }>(sql)),
    )) {
      for (const { name, offset } of rows) {
        if (name === '') {
          effects += offset;
          continue;
        }
        furthest.set(name, Math.max(furthest.get(name) ?? 0, offset));
        deliveries += offset;
      }
    }
    return { events: [...furthest.values()].reduce((sum, count) => sum + count, 0), deliveries, effects };
  }
}
