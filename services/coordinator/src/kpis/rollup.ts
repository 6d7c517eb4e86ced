import { Poller } from '@baton/messaging';
import { CONFIG } from '@baton/service-kit';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { CoordinatorConfig } from '../config.js';
import { Definitions } from '../definitions/index.js';
import { SagaMeters } from './meters.js';
import {
  type Changed,
  type Counted,
  type Identity,
  ofSumKey,
  RollupStore,
  type Span,
  spans,
  sumKey,
  type Sums,
} from './rollup-store.js';
import { longestWait, tallySaga } from './saga-tally.js';
import { isNothing, minus, NOTHING, plus, Sum, type Tally } from './tally.js';

/**
 * How far back each look goes over what was looked at before. A unit of work says when it began, and commits later, by
 * the clock of its own process; what takes longer than this to appear is counted at the saga's next visit.
 */
const OVERLAP_MS = 2 * 60_000;
/** Longest stretch of history for one transaction, while it catches up. */
const WINDOW_MS = 60 * 60_000;
/** Sagas that one look finds, in one transaction, and in one statement. */
const MOST_FOUND = 50_000;
const MOST_SAGAS = 5_000;
const CHUNK = 200;

/** What a look found: a look reads all that happened lately, so that there is one for many transactions. */
interface Found {
  /** Until when everything was counted then. */
  readonly counted: string;
  /** How far it looked. */
  readonly until: number;
  /** False if there was more than one look finds. */
  readonly isAll: boolean;
  readonly sagas: readonly Identity[];
}

const startOf = (span: Span, hour: string): string => (span === 'hour' ? hour : `${hour.slice(0, 10)}T00:00:00.000Z`);

/**
 * Keeps the rollups of the KPIs: looks for sagas to which something happened, tallies each anew from its history, and
 * adds the difference to what it had added before. So counting is the same whether a saga is counted once or ten times,
 * in whatever order its events came, and costs as much as what changed. One process does it at a time.
 */
@Injectable()
export class KpiRollup implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(KpiRollup.name);
  private poller: Poller | undefined;
  /** Of the last look, what is not counted yet. */
  private left: Found | undefined;

  constructor(
    private readonly database: DataSource,
    private readonly definitions: Definitions,
    private readonly meters: SagaMeters,
    @Inject(CONFIG) private readonly config: CoordinatorConfig,
  ) {}

  onApplicationBootstrap(): void {
    const log = {
      info: (message: string) => this.log.log(message),
      warn: (message: string, details?: object) => this.log.warn({ ...details, message }),
      error: (message: string, details?: object) => this.log.error({ ...details, message }),
    };
    const pauseMs = this.config.KPI_ROLLUP_SECONDS * 1_000;
    this.poller = new Poller('Rolling up KPIs', pauseMs, log, () => this.run(new Date()));
    this.poller.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.poller?.stop();
  }

  /**
   * Counts what happened until `now`, or the next part of it.
   * @returns true when more is left to be counted at once
   */
  async run(now: Date): Promise<boolean> {
    const done = await this.database.transaction('READ COMMITTED', async (manager) => {
      const store = new RollupStore(manager);
      if (!(await store.begin())) return undefined;
      const counted = await store.countedUntil();
      if (counted === undefined) return undefined;
      // Another process may have gone on from there meanwhile; counting once more what it counted changes nothing.
      const found = this.left?.counted === counted ? this.left : await look(store, counted, now.getTime());
      const sagas = found.sagas.slice(0, MOST_SAGAS);
      const rest = found.sagas.slice(MOST_SAGAS);
      const sums = new Map<string, Sum>();
      for (let at = 0; at < sagas.length; at += CHUNK) {
        const changed = await store.load(sagas.slice(at, at + CHUNK));
        await store.keep(changed.map((each) => this.count(each, sums)));
      }
      for (const span of spans) await store.add(span, bySpan(sums, span), plus);
      const isDone = rest.length === 0 && found.isAll;
      await store.progress(isDone ? iso(Math.max(Date.parse(counted), found.until)) : counted);
      const left = rest.length > 0 ? { ...found, sagas: rest } : undefined;
      return { sums, left, more: !isDone || found.until < now.getTime() };
    });
    this.left = done?.left;
    // Only what is committed is measured; a crash in between leaves out a few points of a chart.
    if (done) this.meters.record(done.sums, now);
    return done?.more ?? false;
  }

  /** Tallies one saga, and adds what is new of it. */
  private count(
    { definition, orderId, version, visits, state, facts, counted }: Changed,
    sums: Map<string, Sum>,
  ): Counted {
    const known = this.definitions.find(definition, version);
    // Of a definition that is gone all sagas have ended, and of a history that is gone nobody can tell what it adds up
    // to: what was counted of them stays.
    const tallies = known && facts ? tallySaga(known, state, facts) : counted;
    for (const hour of new Set([...Object.keys(tallies), ...Object.keys(counted)])) {
      const difference = minus(tallies[hour] ?? NOTHING, counted[hour] ?? NOTHING);
      if (isNothing(difference)) continue;
      addTo(sums, sumKey(definition, hour), difference);
    }
    const wait = longestWait(state);
    return { definition, orderId, visits, tallies, waitsFor: wait?.step ?? null, waitingSince: wait?.since ?? null };
  }
}

/** Looks for sagas to which something happened since everything was counted, until now or for the next part of it. */
const look = async (store: RollupStore, counted: string, now: number): Promise<Found> => {
  const from = Date.parse(counted);
  const until = Math.min(now, Math.max(from, from - OVERLAP_MS + WINDOW_MS));
  const sagas = await store.changed(iso(from - OVERLAP_MS), iso(until), MOST_FOUND);
  return { counted, until, isAll: sagas.length < MOST_FOUND, sagas };
};

const iso = (at: number): string => new Date(at).toISOString();

const addTo = (sums: Map<string, Sum>, key: string, tally: Tally): void => {
  const sum = sums.get(key) ?? new Sum();
  sums.set(key, sum.add(tally));
};

const bySpan = (sums: Sums, span: Span): Sums => {
  const result = new Map<string, Sum>();
  for (const [key, sum] of sums) {
    const [definition, hour] = ofSumKey(key);
    addTo(result, sumKey(definition, startOf(span, hour)), sum);
  }
  return result;
};
