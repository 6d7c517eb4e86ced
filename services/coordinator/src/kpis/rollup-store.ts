import type { ArchivePlan } from '@baton/messaging';
import type { Fact, Saga } from '@baton/saga';
import type { EntityManager } from 'typeorm';
import { type Tally, type TalliesByHour, NOTHING } from './tally.js';

/** Two processes that roll up at once would add the same twice; this number keeps all but one out. */
const ROLLUP_LOCK = 4_021_775_302;

/** Grows when a saga is tallied in another way than before; everything is then counted anew. */
const REVISION = 1;

const FIRST_VISIT = 1;

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

/** A saga that changed, and what it has added so far. */
export interface Changed {
  readonly definition: string;
  readonly orderId: string;
  readonly version: number;
  readonly visits: number;
  readonly state: Saga;
  /** Its whole history; undefined when the beginning is older than the retention, and gone. */
  readonly facts: readonly Fact[] | undefined;
  readonly counted: TalliesByHour;
}

export interface Counted {
  readonly definition: string;
  readonly orderId: string;
  readonly visits: number;
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

/**
 * What is read for an answer from $3 to $4 by $2: rows of rollups alone, by the primary key, in one snapshot. Its total
 * comes from whole days ($5 to $6) and the hours before and after, and its hours without what is not told of them: to
 * parse all histograms of a month's hours would take longer than anything else. Days are read once, for both.
 */
export const ROLLUP_SQL = `
  select 'total' as part, starts_at as "startsAt", tally from kpi_rollup
  where definition = $1 and span = 'day' and starts_at >= $5 and starts_at < $6
  union all
  select 'total', starts_at, tally from kpi_rollup
  where definition = $1 and span = 'hour' and starts_at >= $3 and starts_at < $5
  union all
  select 'total', starts_at, tally from kpi_rollup
  where definition = $1 and span = 'hour' and starts_at >= $6 and starts_at < $4
  union all
  select 'period', starts_at, jsonb_build_object('counts', tally -> 'counts', 'times', jsonb_strip_nulls(
      jsonb_build_object('cycle', tally #> '{times,cycle}', 'until-pivot', tally #> '{times,until-pivot}')))
  from kpi_rollup where definition = $1 and span = 'hour' and $2 = 'hour' and starts_at >= $3 and starts_at < $4
  order by 2`;

/**
 * The one row of a view that stands under the key of `of`, wherever it rests. The limit keeps the planner from joining
 * whole tables: it cannot know how few sagas are asked for.
 */
const oneOf = (view: string, columns: string, of: string): string =>
  `lateral (select ${columns} from ${view}
    where definition = ${of}.definition and order_id = ${of}.order_id and not taken_back limit 1)`;

/**
 * What happened lately is little beside all sagas. A row of history is numbered by its saga's first visit of a unit of
 * work: who was counted at that visit or a later one was counted with the whole of it.
 */
export const CHANGED_SQL = `select h.definition, h.order_id as "orderId"
  from (select definition, order_id, max(visit) as visit from saga_history where at > $1 and at <= $2
        group by definition, order_id) h
  left join ${oneOf('kpi_saga_all', 'visits', 'h')} k on true
  where k.visits is null or k.visits < h.visit
  limit $3`;

/**
 * What the rollup reads and writes, inside one transaction. Of the pipeline's tables it only reads, and locks nothing
 * there; nobody else writes into its own.
 */
export class RollupStore {
  constructor(private readonly manager: EntityManager) {}

  /** False when another process is at it. */
  async begin(): Promise<boolean> {
    const [lock] = await this.rows<{ got: boolean }>('select pg_try_advisory_xact_lock($1) as got', [ROLLUP_LOCK]);
    // Whatever a crash of Postgres might lose of this is counted again.
    await this.rows('set local synchronous_commit = off');
    return lock?.got === true;
  }

  /** Until when everything is counted; undefined when there is nothing to count. */
  async countedUntil(): Promise<string | undefined> {
    const [progress] = await this.rows<{ until: Date }>(
      'select counted_until as until from kpi_progress where revision = $1',
      [REVISION],
    );
    if (progress) return progress.until.toISOString();
    const [counted] = await this.rows('select 1 from kpi_rollup limit 1');
    if (counted) await this.rows('truncate kpi_saga, kpi_saga_archive, kpi_rollup, kpi_progress');
    const [first] = await this.rows<{ at: Date | null }>('select min(created_at) as at from saga_all');
    return first?.at?.toISOString();
  }

  async progress(until: string): Promise<void> {
    await this.rows(
      `insert into kpi_progress (id, revision, counted_until) values (1, $1, $2)
       on conflict (id) do update set revision = excluded.revision, counted_until = excluded.counted_until`,
      [REVISION, until],
    );
  }

  /** Sagas to which something happened in a window and that were not counted since, at most `limit`. */
  async changed(after: string, until: string, limit: number): Promise<readonly Identity[]> {
    return this.rows<Identity>(CHANGED_SQL, [after, until, limit]);
  }

  async load(sagas: readonly Identity[]): Promise<readonly Changed[]> {
    const keys = [sagas.map(({ definition }) => definition), sagas.map(({ orderId }) => orderId)];
    const wanted = 'unnest($1::text[], $2::text[]) as w(definition, order_id)';
    // The saga before its history: what is counted of a visit in between is counted again, and never left out.
    const rows = await this.rows<Omit<Changed, 'facts' | 'counted'> & { counted: TalliesByHour | null }>(
      `select s.definition, s.order_id as "orderId", s.version, s.visits, s.state, k.tallies as counted
       from ${wanted}
       cross join ${oneOf('saga_all', '*', 'w')} s
       left join ${oneOf('kpi_saga_all', 'tallies', 'w')} k on true`,
      keys,
    );
    const visits = await this.rows<Identity & { visit: number; facts: readonly Fact[] }>(
      `select h.definition, h.order_id as "orderId", h.visit, h.facts
       from ${wanted}
       cross join lateral (
         select * from saga_history where definition = w.definition and order_id = w.order_id offset 0) h
       order by h.visit`,
      keys,
    );
    const factsOf = new Map<string, Fact[]>();
    for (const { definition, orderId, visit, facts } of visits) {
      const key = sumKey(definition, orderId);
      if (visit === FIRST_VISIT) factsOf.set(key, [...facts]);
      else factsOf.get(key)?.push(...facts);
    }
    return rows.map((row) => ({
      ...row,
      facts: factsOf.get(sumKey(row.definition, row.orderId)),
      counted: row.counted ?? {},
    }));
  }

  async keep(counted: readonly Counted[]): Promise<void> {
    await this.rows(
      `insert into kpi_saga (definition, order_id, visits, tallies, waits_for, waiting_since)
       select definition, "orderId", visits, tallies, "waitsFor", "waitingSince"
       from jsonb_to_recordset($1::jsonb) as c(
         definition text, "orderId" text, visits int, tallies jsonb, "waitsFor" text, "waitingSince" timestamptz)
       on conflict (definition, order_id) do update set visits = excluded.visits, tallies = excluded.tallies,
         waits_for = excluded.waits_for, waiting_since = excluded.waiting_since`,
      [JSON.stringify(counted)],
    );
    await this.rows(
      `update kpi_saga_archive a set taken_back = true
       from unnest($1::text[], $2::text[]) as w(definition, order_id)
       where a.definition = w.definition and a.order_id = w.order_id and not a.taken_back`,
      [counted.map(({ definition }) => definition), counted.map(({ orderId }) => orderId)],
    );
  }

  /** Adds to the rollups of a span. */
  async add(span: Span, sums: Sums, plus: (a: Tally, b: Tally) => Tally): Promise<void> {
    const keys = [...sums.keys()].map(ofSumKey);
    const known = await this.rows<{ definition: string; startsAt: Date; tally: Tally }>(
      `select r.definition, r.starts_at as "startsAt", r.tally
       from unnest($2::text[], $3::timestamptz[]) as w(definition, starts_at)
       join kpi_rollup r on r.definition = w.definition and r.span = $1 and r.starts_at = w.starts_at`,
      [span, keys.map(([definition]) => definition), keys.map(([, startsAt]) => startsAt)],
    );
    const before = new Map(
      known.map(({ definition, startsAt, tally }) => [sumKey(definition, startsAt.toISOString()), tally] as const),
    );
    const rows = [...sums].map(([key, sum]) => {
      const [definition, startsAt] = ofSumKey(key);
      return { definition, startsAt, tally: plus(before.get(key) ?? NOTHING, sum) };
    });
    await this.rows(
      `insert into kpi_rollup (definition, span, starts_at, tally)
       select definition, $1, "startsAt", tally
       from jsonb_to_recordset($2::jsonb) as c(definition text, "startsAt" timestamptz, tally jsonb)
       on conflict (definition, span, starts_at) do update set tally = excluded.tally`,
      [span, JSON.stringify(rows)],
    );
  }

  private rows<Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    return this.manager.query<Row[]>(sql, [...params]);
  }
}
