import { type ArchivePlan, arraysOf } from '@baton/messaging';
import { type Fact, type Saga, sagaStatuses } from '@baton/saga';
import type { EntityManager } from 'typeorm';
import { sagaNames } from '../definitions/index.js';
import { ADD_SQL, CHANGED_SQL, ENDED, KEEP_SQL, KEPT, LOAD_SQL, SUMS } from './rollup-sql.js';
import { type Tally, type TalliesByHour, NOTHING } from './tally.js';

/** Two processes that roll up at once would add the same twice; this number keeps all but one out. */
const ROLLUP_LOCK = 4_021_775_302;

/** Grows when a saga is tallied in another way than before; everything is then counted anew. */
const REVISION = 1;

const FIRST_VISIT = 1;

/**
 * How far back each look goes over what was looked at before. A unit of work says when it began, and commits later, by
 * the clock of its own process; what takes longer than this to appear is counted at the saga's next visit.
 */
export const OVERLAP_MS = 2 * 60_000;

/**
 * What was counted of a saga leaves together with it. Nobody locks these rows for long: whoever counts a saga once more
 * puts its row into the table first, and takes the archived one out of account after, see `keep`.
 */
export const COUNTED_SAGAS: ArchivePlan = {
  table: 'kpi_saga',
  ended: `waits_for is null and not exists (
    select from saga s where s.definition = t.definition and s.order_id = t.order_id)`,
  since: 'counted_at',
};

export const spans = ['hour', 'day'] as const;
export type Span = (typeof spans)[number];

/** What happened to a saga in one unit of work, numbered by the first of its visits. */
export interface Visit {
  readonly visit: number;
  readonly facts: readonly Fact[];
}

/** A saga that changed, and what it has added so far. */
export interface Changed {
  readonly definition: string;
  readonly orderId: string;
  readonly version: number;
  readonly visits: number;
  readonly state: Saga;
  /** Its whole history up to `visits`, in order; undefined when the beginning is older than the retention, and gone. */
  readonly history: readonly Visit[] | undefined;
  /** What it had added at which visit; undefined when nothing was counted of it yet. */
  readonly counted: CountedBefore | undefined;
}

export interface CountedBefore {
  readonly visits: number;
  /** Undefined when it had ended: its history up to that visit says what it added. */
  readonly tallies: TalliesByHour | undefined;
}

/** What is kept of a saga. Of one that has ended no tallies, see `ENDED`. */
export interface Counted extends Identity {
  readonly visits: number;
  /** Whether nothing was kept of it before. */
  readonly isNew: boolean;
  /** Whether its tallies need not be kept. */
  readonly isEnded: boolean;
  readonly tallies: TalliesByHour;
  readonly waitsFor: string | null;
  readonly waitingSince: string | null;
}

export interface Identity {
  readonly definition: string;
  readonly orderId: string;
}

/** Sums by definition and the beginning of an hour or a day. */
export type Sums = ReadonlyMap<string, Tally>;
const SEPARATOR = '\n';
export const sumKey = (definition: string, startsAt: string): string => `${definition}${SEPARATOR}${startsAt}`;
export const ofSumKey = (key: string): readonly [definition: string, startsAt: string] => {
  const [definition = '', startsAt = ''] = key.split(SEPARATOR);
  return [definition, startsAt];
};

/** A row of an answer: part of its total, or one of its hours or days. */
export interface RollupRow {
  readonly part: 'total' | 'period';
  readonly startsAt: Date;
  readonly tally: Tally;
}

/** How far everything is counted. Moments are ISO 8601 UTC. */
export interface Progress {
  readonly counted: string;
  /**
   * How far processes looked that know `ENDED`. A process of the release before may have gone on from there, and does
   * not see what happened to ended sagas.
   */
  readonly looked: string;
  /**
   * All that older transactions than this one wrote until `looked` was there to be seen. Undefined when nobody can say:
   * the numbers of another server's transactions mean nothing on this one, and the row's own shows that it was written here.
   */
  readonly before: string | undefined;
  /** The oldest transaction that is under way now. */
  readonly oldest: string;
}

export type NewProgress = Omit<Progress, 'oldest'>;

/**
 * What the rollup reads and writes, inside one transaction. Of the pipeline's tables it only reads, and locks nothing
 * there; nobody else writes into its own.
 */
export class RollupStore {
  constructor(private readonly manager: EntityManager) {}

  /** False when another process is at it. */
  async begin(): Promise<boolean> {
    // Whatever a crash of Postgres might lose of this is counted again.
    const [lock] = await this.rows<{ got: boolean }>(
      `select pg_try_advisory_xact_lock($1) as got, set_config('synchronous_commit', 'off', true)`,
      [ROLLUP_LOCK],
    );
    return lock?.got === true;
  }

  /** Until when everything is counted; undefined when there is nothing to count. */
  async progress(): Promise<Progress | undefined> {
    const oldest = 'pg_snapshot_xmin(pg_current_snapshot())::text as oldest';
    const [progress] = await this.rows<{ until: Date; looked: Date | null; before: string | null; oldest: string }>(
      `select counted_until as until, looked_until as looked, ${oldest},
              case when looked_by::xid = xmin then looked_before::text end as before
       from kpi_progress where revision = $1`,
      [REVISION],
    );
    if (progress) {
      const { until, looked, before } = progress;
      return {
        counted: until.toISOString(),
        looked: (looked ?? until).toISOString(),
        before: before ?? undefined,
        oldest: progress.oldest,
      };
    }
    const [counted] = await this.rows('select 1 from kpi_rollup limit 1');
    if (counted) await this.rows('truncate kpi_saga, kpi_saga_archive, kpi_rollup, kpi_progress');
    const [first] = await this.rows<{ at: Date | null; oldest: string }>(
      `select min(first.at) as at, ${oldest} from unnest($1::text[]) d (name) cross join unnest($2::text[]) s (status)
       cross join lateral (
         select created_at as at from saga_all where definition = d.name and status = s.status
         order by created_at limit 1) first`,
      [sagaNames, sagaStatuses],
    );
    if (!first?.at) return undefined;
    // Nothing happened before, and nothing that happened since was counted.
    const looked = new Date(first.at.getTime() - OVERLAP_MS).toISOString();
    return { counted: first.at.toISOString(), looked, before: first.oldest, oldest: first.oldest };
  }

  async proceed({ counted, looked, before }: NewProgress): Promise<void> {
    await this.rows(
      `insert into kpi_progress (id, revision, counted_until, looked_until, looked_before, looked_by)
       values (1, $1, $2, $3, $4, pg_current_xact_id())
       on conflict (id) do update set revision = excluded.revision, counted_until = excluded.counted_until,
         looked_until = excluded.looked_until, looked_before = excluded.looked_before, looked_by = excluded.looked_by`,
      [REVISION, counted, looked, before ?? null],
    );
  }

  /** Sagas to which something happened in a window and that were not counted since, at most `limit`. */
  async changed(
    after: string,
    until: string,
    limit: number,
    { looked, before }: Progress,
  ): Promise<readonly Identity[]> {
    return this.rows<Identity>(CHANGED_SQL, [after, until, limit, looked, before ?? null]);
  }

  /** Of these sagas those that are not counted as they are. */
  async load(sagas: readonly Identity[]): Promise<readonly Changed[]> {
    const rows = await this.rows<
      Omit<Changed, 'history' | 'counted'> & {
        countedVisits: number | null;
        tallies: TalliesByHour | null;
        history: string | null;
      }
    >(LOAD_SQL, keysOf(sagas));
    return rows.map(({ countedVisits, tallies, history, ...saga }) => ({
      ...saga,
      history: historyOf(history ?? '[]'),
      counted: countedVisits === null ? undefined : countedBefore(countedVisits, tallies ?? {}),
    }));
  }

  async keep(counted: readonly Counted[]): Promise<void> {
    if (counted.length === 0) return;
    const rows = counted.map((each) => (each.isEnded ? { ...each, visits: each.visits + ENDED, tallies: {} } : each));
    await this.rows(KEEP_SQL, arraysOf(KEPT, rows));
    // Nobody but this transaction makes the first row of a saga, so that there is none to move meanwhile.
    const again = counted.filter(({ isNew }) => !isNew);
    if (again.length === 0) return;
    await this.rows(
      `update kpi_saga_archive a set taken_back = true
       from unnest($1::text[], $2::text[]) as w(definition, order_id)
       where a.definition = w.definition and a.order_id = w.order_id and not a.taken_back`,
      keysOf(again),
    );
  }

  /** Adds to the rollups of all spans. */
  async add(sums: Readonly<Record<Span, Sums>>, plus: (a: Tally, b: Tally) => Tally): Promise<void> {
    const added = spans.flatMap((span) =>
      [...sums[span]].map(([key, tally]) => {
        const [definition, startsAt] = ofSumKey(key);
        return { definition, span, startsAt, tally };
      }),
    );
    if (added.length === 0) return;
    const known = await this.rows<{ n: number; tally: Tally }>(
      `select w.n::int, r.tally
       from unnest($1::text[], $2::text[], $3::timestamptz[]) with ordinality as w(definition, span, starts_at, n)
       join kpi_rollup r on r.definition = w.definition and r.span = w.span and r.starts_at = w.starts_at`,
      [added.map(({ definition }) => definition), added.map(({ span }) => span), added.map(({ startsAt }) => startsAt)],
    );
    const before = new Map(known.map(({ n, tally }) => [n - 1, tally] as const));
    const rows = added.map((each, index) => ({ ...each, tally: plus(before.get(index) ?? NOTHING, each.tally) }));
    await this.rows(ADD_SQL, arraysOf(SUMS, rows));
  }

  private rows<Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    return this.manager.query<Row[]>(sql, [...params]);
  }
}

const keysOf = (sagas: readonly Identity[]): readonly (readonly string[])[] => [
  sagas.map(({ definition }) => definition),
  sagas.map(({ orderId }) => orderId),
];

const countedBefore = (visits: number, tallies: TalliesByHour): CountedBefore =>
  visits < ENDED ? { visits, tallies } : { visits: visits - ENDED, tallies: undefined };

const historyOf = (text: string): readonly Visit[] | undefined => {
  const visits: Visit[] = [];
  const parts = JSON.parse(text) as readonly (number | readonly Fact[])[];
  for (let n = 0; n < parts.length; n += 2) {
    visits.push({ visit: parts[n] as number, facts: parts[n + 1] as readonly Fact[] });
  }
  visits.sort((a, b) => a.visit - b.visit);
  return visits[0]?.visit === FIRST_VISIT ? visits : undefined;
};
