import type { DataSource, EntityManager } from 'typeorm';
import type { Store } from '../api/stores.js';
import type { PipelineLog } from '../pipeline/log.js';
import { Poller, rest } from '../pipeline/patience.js';
import { ArchiveProgress, observeRetention, retentionMetrics } from './metrics.js';
import { Mover, type Step } from './mover.js';
import { Notice } from './notice.js';
import { type Ask, expired, makePartitions, named, partitionKeyOf, partitionsOf } from './partitions.js';
import type { ArchivePlan, RetentionPlan, RetentionSettings } from './plan.js';

/** Any number; of the processes of a service one keeps house at a time. */
const HOUSEKEEPING_LOCK = 6_120_447;
/** Between two walks through all tables. */
const PAUSE_MS = 60_000;
/** After each step it rests for so many times as long as the step took: at most a quarter of one connection's time. */
const RESTS = 3;
/** Whoever changes partitions keeps units of work waiting for so long at most, and tries again at the next walk. */
const LOCK_TIMEOUT_MS = 500;
/** For so long a process has seen that something is too old before that goes. */
const NOTICE_MS = 60 * 60_000;
/** Rows in one statement that removes single rows. */
const FEW = 1_000;

export interface HousekeeperOptions {
  readonly service: string;
  readonly dataSource: DataSource;
  readonly plan: RetentionPlan;
  readonly settings: RetentionSettings;
  readonly log: PipelineLog;
  /** See `Notice`; milliseconds. */
  readonly noticeMs?: number;
}

/**
 * Keeps the tables of one service small: moves what has ended into archives, makes partitions ahead and drops those of
 * which everything is older than the retention, and forgets answered commands. It works in small steps with rests in
 * between, and waits for no row that a unit of work has locked.
 */
export class Housekeeper {
  private readonly poller: Poller;
  private readonly abort = new AbortController();
  private readonly plans: readonly ArchivePlan[];
  private readonly histories: readonly string[];
  private readonly notice: Notice;
  private movers: readonly Mover[] | undefined;
  readonly progress = new ArchiveProgress();
  private unobserve: () => void = () => undefined;

  constructor(private readonly options: HousekeeperOptions) {
    const { plan, dataSource, log, noticeMs = NOTICE_MS } = options;
    const { stores = [], tables = [], histories = [], beforeDrop = {} } = plan;
    this.plans = [...stores.map((store) => planOf(store, dataSource, beforeDrop)), ...tables];
    this.histories = histories;
    this.notice = new Notice(noticeMs);
    this.poller = new Poller('Housekeeping', PAUSE_MS, log, () => this.round(new Date()));
  }

  /** Makes what partitions are missing, and begins to keep house. */
  async start(): Promise<void> {
    const { service, dataSource } = this.options;
    await dataSource.transaction(async (manager) => {
      // Unlike later ones, these partitions are needed now, so that it waits for whoever makes the same.
      await manager.query('select pg_advisory_xact_lock($1)', [HOUSEKEEPING_LOCK]);
      for (const table of this.partitioned()) await makePartitions(askOf(manager), table, new Date());
    });
    this.unobserve = observeRetention(service, this.progress);
    this.poller.start();
  }

  async stop(): Promise<void> {
    this.unobserve();
    this.abort.abort();
    await this.poller.stop();
  }

  /** Walks once through everything that there is to do. */
  async round(now: Date): Promise<void> {
    const before = this.notice.given(new Date(now.getTime() - this.options.settings.retentionMs));
    await this.changePartitions(now, before);
    let overdue = 0;
    for (const mover of await this.loadMovers()) {
      for (let page: number | undefined = 0; page !== undefined; ) {
        const begun = performance.now();
        const step = await this.move(mover, page);
        if (!step) return this.progress.walked();
        if (this.abort.signal.aborted) return;
        overdue = Math.max(overdue, step.overdue);
        page = step.next;
        await rest(RESTS * (performance.now() - begun), this.abort.signal);
      }
    }
    this.progress.walked(overdue);
    if (!before) return;
    await this.forget('inbox', 'created_at', before);
    // What parks nothing: nobody waits for it any more. Its content may name a person.
    await this.forget('held_message', 'created_at', before, `state = 'dead' and not parks`);
  }

  /** Moves rows of some pages; undefined when another process is at it. */
  private async move(mover: Mover, page: number): Promise<Step | undefined> {
    const { settings, service } = this.options;
    const { table } = mover.plan;
    const step = await this.exclusively((ask) => mover.step(ask, page, settings.archiveAfterMs));
    if (step && step.moved > 0) retentionMetrics.archived.add(step.moved, { service, table });
    return step;
  }

  private async changePartitions(now: Date, before: Date | undefined): Promise<void> {
    for (const table of this.partitioned()) {
      try {
        await this.exclusively((ask) => makePartitions(ask, table, now));
        if (!before) continue;
        const old = expired(await partitionsOf(this.ask, table), before);
        for (const { name } of old) await this.drop(table, name);
        if (this.histories.includes(table)) await this.emptyDefault(table, before);
      } catch (error) {
        if (!isLockTimeout(error)) throw error;
        this.options.log.info('Partitions are changed later: the table is in use', { table });
      }
    }
  }

  private async drop(table: string, name: string): Promise<void> {
    const { service, log } = this.options;
    const { beforeDrop } = this.plans.find((plan) => `${plan.table}_archive` === table) ?? {};
    const done = await this.exclusively(async (ask) => {
      // Another process may have kept house since it was looked for.
      if (!(await partitionsOf(ask, table)).some((partition) => partition.name === name)) return false;
      if (beforeDrop !== undefined) await ask(named(beforeDrop, name));
      await ask(named('drop table %I', name));
      return true;
    });
    if (!done) return;
    retentionMetrics.dropped.add(1, { service, table });
    log.info('What was older than the retention is gone', { table, partition: name });
  }

  /** What was written while there was no partition for it. */
  private async emptyDefault(table: string, before: Date): Promise<void> {
    const spare = (await partitionsOf(this.ask, table)).find(({ until }) => until === undefined);
    if (spare) await this.forget(spare.name, await partitionKeyOf(this.ask, table), before);
  }

  /** Removes rows of a table that is not partitioned, a few at a time. */
  private async forget(table: string, column: string, before: Date, condition = 'true'): Promise<void> {
    for (;;) {
      const begun = performance.now();
      const rows = await this.exclusively((ask) =>
        ask(
          named(
            `with gone as (
               delete from %I where ctid = any(array(
                 select ctid from %I where ${column} < $1 and ${condition}
                 order by ${column} limit ${FEW} for update skip locked))
               returning 1)
             select count(*)::int as n from gone`,
            table,
          ),
          [before],
        ),
      );
      if (!rows || Number((rows[0] as { n?: number } | undefined)?.n ?? 0) < FEW || this.abort.signal.aborted) return;
      await rest(RESTS * (performance.now() - begun), this.abort.signal);
    }
  }

  /** A transaction of this process alone; undefined when another one keeps house. */
  private exclusively<T>(work: (ask: Ask) => Promise<T>): Promise<T | undefined> {
    return this.options.dataSource.transaction(async (manager) => {
      const ask = askOf(manager);
      if (!(await isFree(ask, HOUSEKEEPING_LOCK))) return undefined;
      await ask(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
      // What a crash of Postgres takes back is done again.
      await ask('set local synchronous_commit = off');
      return work(ask);
    });
  }

  private partitioned(): readonly string[] {
    return [...this.plans.map(({ table }) => `${table}_archive`), ...this.histories];
  }

  private async loadMovers(): Promise<readonly Mover[]> {
    this.movers ??= await Promise.all(this.plans.map((plan) => Mover.of(this.ask, plan)));
    return this.movers;
  }

  private readonly ask: Ask = (sql, params = []) => this.options.dataSource.query(sql, [...params]);
}

const askOf =
  (manager: EntityManager): Ask =>
  (sql, params = []) =>
    manager.query(sql, [...params]);

const isFree = async (ask: Ask, lock: number): Promise<boolean> => {
  const [row] = await ask<{ got: boolean }>('select pg_try_advisory_xact_lock($1) as got', [lock]);
  return row?.got === true;
};

const isLockTimeout = (error: unknown): boolean => (error as { readonly code?: string }).code === '55P03';

const planOf = (store: Store, dataSource: DataSource, beforeDrop: Readonly<Record<string, string>>): ArchivePlan => {
  const { tableName } = dataSource.getMetadata(store.entity);
  if (!store.archive) throw new Error(`${store.entity.name} has no archive: declare its store with archived(…).`);
  const statement = beforeDrop[tableName];
  return { table: tableName, ...store.archive, ...(statement !== undefined && { beforeDrop: statement }) };
};
