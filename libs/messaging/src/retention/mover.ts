import type { ArchivePlan } from './plan.js';
import type { Ask } from './partitions.js';

/** Pages of a table in one step: some hundred to some thousand rows. */
const PAGES = 64;

/** What one step did. */
export interface Step {
  readonly moved: number;
  /** How long ago the longest overdue of them could have been moved, seconds. */
  readonly overdue: number;
  /** Page at which the next step begins; undefined at the end of the table. */
  readonly next: number | undefined;
}

/**
 * Moves rows of one table that have ended into its archive. It walks the table page by page, so that no index is needed
 * to find them (an index that every row enters and leaves would cost more than the walk), and leaves out what is locked.
 */
export class Mover {
  private readonly sql: string;

  constructor(
    readonly plan: ArchivePlan,
    columns: readonly string[],
    key: readonly string[],
  ) {
    const { table, ended, since } = plan;
    const list = columns.map((name) => `"${name}"`).join(', ');
    // Sorted by key, so that rows of one batch share pages of the archive's index.
    this.sql = `
      with due as materialized (
        select t.ctid from "${table}" t
        where t.ctid >= $1::tid and t.ctid < $2::tid and (${ended})
          and (${since}) < now() - $3::float8 * interval '1 millisecond'
        for update skip locked
      ), moved as (
        delete from "${table}" t using due where t.ctid = due.ctid returning t.*
      ), kept as (
        insert into "${table}_archive" (${list}, archived_at)
        select ${list}, now() from moved order by ${key.map((name) => `"${name}"`).join(', ')} returning 1
      )
      select (select count(*)::int from kept) as moved,
             coalesce(extract(epoch from now() - min(${since})) - $3::float8 / 1000, 0)::float8 as overdue
      from moved t`;
  }

  /** For a table as it is in the database. */
  static async of(ask: Ask, plan: ArchivePlan): Promise<Mover> {
    const columns = await ask<{ name: string }>(
      `select column_name::text as name from information_schema.columns
       where table_schema = current_schema and table_name = $1 order by ordinal_position`,
      [plan.table],
    );
    const key = await ask<{ name: string }>(
      `select a.attname::text as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
       where i.indrelid = $1::regclass and i.indisprimary order by array_position(i.indkey::int2[], a.attnum)`,
      [plan.table],
    );
    return new Mover(
      plan,
      columns.map(({ name }) => name),
      key.map(({ name }) => name),
    );
  }

  /** Moves what has ended in the pages from `page` on; in a transaction of the caller. */
  async step(ask: Ask, page: number, archiveAfterMs: number): Promise<Step> {
    const [size] = await ask<{ pages: number }>(
      `select (pg_relation_size($1::regclass) / current_setting('block_size')::int)::int as pages`,
      [this.plan.table],
    );
    const end = page + PAGES;
    const [row] = await ask<{ moved: number; overdue: number }>(this.sql, [
      `(${page},0)`,
      `(${end},0)`,
      archiveAfterMs,
    ]);
    return { moved: row?.moved ?? 0, overdue: row?.overdue ?? 0, next: end < (size?.pages ?? 0) ? end : undefined };
  }
}
