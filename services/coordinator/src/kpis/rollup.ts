import { Poller, rest } from '@baton/messaging';
import type { Fact } from '@baton/saga';
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
  OVERLAP_MS,
  type NewProgress,
  type Progress,
  RollupStore,
  sumKey,
  type Sums,
  type Visit,
} from './rollup-store.js';
import { addSaga, longestWait, tallySaga } from './saga-tally.js';
import { isNothing, minus, NOTHING, plus, Sum, type TalliesByHour, Tallier } from './tally.js';

/** Longest stretch of history for one look, while it catches up; shorter after one that found more than it may. */
const WINDOW_MS = 60 * 60_000;
const SHORTEST_WINDOW_MS = 1_000;
/** Sagas that one look finds. */
const MOST_FOUND = 100_000;
/** Sagas that one step counts, in a transaction of less than a tenth of a second. */
const MOST_SAGAS = 1_000;
/** After each step it rests for so many times as long as the step took, so that orders need not wait behind it. */
const RESTS = 2;

/** What a look found: a look reads all that happened lately, so that there is one for many transactions. */
interface Found {
  /** How far the look before had looked. */
  readonly looked: string;
  /** How far it looked. */
  readonly until: number;
  /** All that older transactions wrote was there to be seen. */
  readonly before: string;
  /** False if there was more than one look finds. */
  readonly isAll: boolean;
  readonly sagas: readonly Identity[];
}

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
  private windowMs = WINDOW_MS;
  private readonly abort = new AbortController();

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
    const poller = new Poller('Rolling up KPIs', pauseMs, log, async () => {
      const begun = performance.now();
      while (await this.step()) if (this.abort.signal.aborted) return;
      // However long the steps and their rests took, the next look comes in time.
      poller.soon(Math.max(0, pauseMs - (performance.now() - begun)));
    });
    this.poller = poller;
    poller.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.abort.abort();
    await this.poller?.stop();
  }

  /** One step, and its rest if there are more. */
  private async step(): Promise<boolean> {
    const begun = performance.now();
    const more = await this.run(new Date());
    if (more) await rest(RESTS * (performance.now() - begun), this.abort.signal);
    return more;
  }

  /**
   * Counts what happened until `now`, or the next part of it.
   * @returns true when more is left to be counted at once
   */
  async run(now: Date): Promise<boolean> {
    const done = await this.database.transaction('READ COMMITTED', async (manager) => {
      const store = new RollupStore(manager);
      if (!(await store.begin())) return undefined;
      const progress = await store.progress();
      if (!progress) return undefined;
      // Another process may have gone on from there meanwhile; counting once more what it counted changes nothing.
      const found = this.left?.looked === progress.looked ? this.left : await this.look(store, progress, now.getTime());
      const sums = await this.countAll(store, found.sagas.slice(0, MOST_SAGAS));
      const rest = found.sagas.slice(MOST_SAGAS);
      const isDone = rest.length === 0 && found.isAll;
      await store.proceed(proceeded(progress, found, isDone));
      const left = rest.length > 0 ? { ...found, sagas: rest } : undefined;
      return { sums, left, more: !isDone || found.until < now.getTime() };
    });
    if (!done) return false;
    this.left = done.left;
    // Only what is committed is measured; a crash in between leaves out a few points of a chart.
    this.meters.record(done.sums, now);
    return done.more;
  }

  /** Looks for sagas to which something happened since the last look, until now or for the next part of it. */
  private async look(store: RollupStore, progress: Progress, now: number): Promise<Found> {
    const { looked, oldest } = progress;
    const from = Date.parse(looked);
    const until = Math.min(now, Math.max(from, from - OVERLAP_MS + this.windowMs));
    const sagas = await store.changed(iso(from - OVERLAP_MS), iso(until), MOST_FOUND, progress);
    const isAll = sagas.length < MOST_FOUND;
    this.windowMs = isAll
      ? Math.min(WINDOW_MS, 2 * this.windowMs)
      : Math.max(OVERLAP_MS + SHORTEST_WINDOW_MS, this.windowMs / 2);
    return { looked, until, before: oldest, isAll, sagas };
  }

  /** Counts sagas, and adds what is new of them to the rollups. */
  private async countAll(store: RollupStore, sagas: readonly Identity[]): Promise<Sums> {
    if (sagas.length === 0) return new Map();
    const talliers = new Map<string, Tallier>();
    const tallierOf = (definition: string): Tallier => {
      const tallier = talliers.get(definition) ?? new Tallier();
      talliers.set(definition, tallier);
      return tallier;
    };
    const changed = await store.load(sagas);
    await store.keep(changed.flatMap((each) => this.count(each, tallierOf(each.definition)) ?? []));
    const sums = new Map(
      [...talliers].flatMap(([definition, { tallies }]) =>
        Object.entries(tallies).map(([hour, tally]) => [sumKey(definition, hour), tally] as const),
      ),
    );
    await store.add({ hour: sums, day: daily(sums) }, plus);
    return sums;
  }

  /** Tallies one saga, and adds what is new of it. Undefined when what is kept of it stays as it is. */
  private count(saga: Changed, into: Tallier): Counted | undefined {
    const { definition, orderId, visits, state, history, counted } = saga;
    const known = this.definitions.find(definition, saga.version);
    const wait = longestWait(state);
    const kept = {
      definition,
      orderId,
      visits,
      isNew: counted === undefined,
      waitsFor: wait?.step ?? null,
      waitingSince: wait?.since ?? null,
    };
    // Of a definition that is gone all sagas have ended, and of a history that is gone nobody can tell what it adds up
    // to: what was counted of them stays.
    if (!known || !history) {
      if (counted && !counted.tallies) return undefined;
      return { ...kept, isEnded: false, tallies: counted?.tallies ?? {} };
    }
    if (!counted && state.ended) {
      // As nearly all are.
      addSaga(known, state, factsUntil(history, visits), into);
      return { ...kept, isEnded: true, tallies: {} };
    }
    const tallyAt = (visit: number) => tallySaga(known, state, factsUntil(history, visit));
    const tallies = tallyAt(visits);
    into.add(counted ? differences(tallies, counted.tallies ?? tallyAt(counted.visits)) : tallies);
    return { ...kept, isEnded: state.ended !== undefined, tallies };
  }
}

const factsUntil = (history: readonly Visit[], visits: number): readonly Fact[] => {
  const facts: Fact[] = [];
  for (const each of history) if (each.visit <= visits) facts.push(...each.facts);
  return facts;
};

const differences = (now: TalliesByHour, before: TalliesByHour): TalliesByHour =>
  Object.fromEntries(
    [...new Set([...Object.keys(now), ...Object.keys(before)])]
      .map((hour) => [hour, minus(now[hour] ?? NOTHING, before[hour] ?? NOTHING)] as const)
      .filter(([, difference]) => !isNothing(difference)),
  );

/**
 * How far everything is counted after a step that counted all that was found, or only a part of it. A process of the
 * release before goes on with what it had found only while `counted` is what it was then. It must not: it does not know
 * of sagas that were counted as ended meanwhile, and would count them a second time. So every step changes it.
 */
const proceeded = (progress: Progress, { looked, until, before, isAll }: Found, isDone: boolean): NewProgress => {
  const counted = Date.parse(progress.counted);
  return {
    counted: iso(isDone && until > counted ? until : counted - 1),
    // A clock that was set back looks at less than was looked at before.
    ...(isDone && until >= Date.parse(looked)
      ? { looked: iso(until), before }
      : // The next look finds the same again, and must leave out what is counted.
        { looked: progress.looked, before: isAll ? progress.before : undefined }),
  };
};

const iso = (at: number): string => new Date(at).toISOString();

/** The same by day. */
const daily = (sums: Sums): Sums => {
  const days = new Map<string, Sum>();
  for (const [key, tally] of sums) {
    const [definition, hour] = ofSumKey(key);
    const day = sumKey(definition, `${hour.slice(0, 10)}T00:00:00.000Z`);
    const sum = days.get(day) ?? new Sum();
    days.set(day, sum.add(tally));
  }
  return days;
};
