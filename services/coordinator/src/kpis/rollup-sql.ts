import { type BulkColumn, bulkInsert } from '@baton/messaging';

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
 * Most sagas are counted once, after their end, and then change no more. Their row holds no tallies, which would be most
 * of what is written: what an ended saga added follows from its state, of which no tally looks at a part that changes
 * after the end, and from its history up to the visit at which it was counted. That visit stands in `visits` plus this
 * number. A process of the release before takes that for counted at a later visit than any, and leaves the saga alone,
 * where it would count it a second time if it saw what there is; see `Progress.looked` for what it leaves out.
 */
export const ENDED = 1_000_000_000;

/**
 * What happened lately is little beside all sagas. A row of history is numbered by its saga's first visit of a unit of
 * work: who was counted at that visit or a later one was counted with the whole of it.
 *
 * With `$4` and `$5` only what the last look cannot have seen: what is younger, and what was written by transactions that
 * were under way then or began later. All but a few of these sagas are new, so that nobody asks what was counted of them
 * before they are loaded. Without, what was counted is left out.
 */
export const CHANGED_SQL = `select h.definition, h.order_id as "orderId"
  from (select definition, order_id, max(visit) as visit from saga_history
        where at > $1 and at <= $2 and ($5::xid8 is null or at > $4 or age(xmin) <= age($5::xid8::xid))
        group by definition, order_id) h
  left join ${oneOf('kpi_saga_all', 'visits', 'h')} k on $5::xid8 is null
  where k.visits is null or k.visits % ${ENDED} < h.visit
  limit $3`;

/**
 * Sagas that are not counted as they are, with what was counted of them and all that happened until then: $1
 * definitions, $2 ids. The history of a saga is one text of visits and their facts in turn: a row of each costs Node
 * more than all the rest of counting.
 */
export const LOAD_SQL = `
  select s.definition, s.order_id as "orderId", s.version, s.visits, s.state, k.visits as "countedVisits", k.tallies,
    (select '[' || string_agg(h.visit || ',' || h.facts, ',') || ']' from saga_history h
     where h.definition = s.definition and h.order_id = s.order_id and h.visit <= s.visits) as history
  from unnest($1::text[], $2::text[]) as w(definition, order_id)
  cross join ${oneOf('saga_all', 'definition, order_id, version, visits, state', 'w')} s
  left join ${oneOf('kpi_saga_all', 'visits, tallies', 'w')} k on true
  where k.visits is null or k.visits % ${ENDED} < s.visits`;

const column = (property: string, name: string, type: string): BulkColumn => ({ property, name, type });
export const KEPT = [
  column('definition', 'definition', 'text'),
  column('orderId', 'order_id', 'text'),
  column('visits', 'visits', 'int'),
  column('tallies', 'tallies', 'jsonb'),
  column('waitsFor', 'waits_for', 'text'),
  column('waitingSince', 'waiting_since', 'timestamptz'),
];
export const KEEP_SQL = `
  ${bulkInsert('kpi_saga', KEPT)}
  on conflict (definition, order_id) do update set visits = excluded.visits, tallies = excluded.tallies,
    waits_for = excluded.waits_for, waiting_since = excluded.waiting_since`;

export const SUMS = [
  column('definition', 'definition', 'text'),
  column('span', 'span', 'text'),
  column('startsAt', 'starts_at', 'timestamptz'),
  column('tally', 'tally', 'jsonb'),
];
export const ADD_SQL = `
  ${bulkInsert('kpi_rollup', SUMS)}
  on conflict (definition, span, starts_at) do update set tally = excluded.tally`;
