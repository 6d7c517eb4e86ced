import type { QueryRunner } from 'typeorm';

/**
 * Makes the archive of a table, for a migration: `<table>_archive` with the same columns, the moment at which a row came
 * and whether it was taken back, partitioned by month (the housekeeper makes the partitions), and the view `<table>_all`
 * of both, whose rows with `taken_back` are to be left out. A later migration that adds a column to the table adds it to
 * the archive and makes the view anew with `createArchiveView`.
 *
 * Migrations that were released call it, so that what it makes must stay the same.
 * @param key columns of the primary key
 */
export const createArchive = async (runner: QueryRunner, table: string, key: readonly string[]): Promise<void> => {
  await runner.query(`create table ${table}_archive (
    like ${table} including comments,
    archived_at timestamptz not null,
    taken_back boolean not null default false
  ) partition by range (archived_at)`);
  await runner.query(`create index ${table}_archive_key on ${table}_archive (${key.join(', ')})`);
  await createArchiveView(runner, table);
  // Rows come and go: what is gone makes room for what comes within a minute or two, whatever the table's size.
  await runner.query(`alter table ${table} set (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000, autovacuum_analyze_scale_factor = 0.05)`);
};

/** Makes the view of a table and its archive, again if there is one. Its condition stands outside, see `createArchive`. */
export const createArchiveView = async (runner: QueryRunner, table: string): Promise<void> => {
  const rows: readonly { name: string }[] = await runner.query(
    `select quote_ident(column_name) as name from information_schema.columns
     where table_schema = current_schema and table_name = $1 order by ordinal_position`,
    [table],
  );
  const columns = rows.map(({ name }) => name).join(', ');
  await runner.query(`drop view if exists ${table}_all`);
  // A condition in here would keep the planner from merging both by their indexes.
  await runner.query(`create view ${table}_all as
    select ${columns}, false as taken_back from ${table}
    union all select ${columns}, taken_back from ${table}_archive`);
};

/** Takes it all away again; rows of the archive are lost. */
export const dropArchive = async (runner: QueryRunner, table: string): Promise<void> => {
  await runner.query(`drop view ${table}_all`);
  await runner.query(`drop table ${table}_archive`);
};

/**
 * Moves columns to the end of an archived table, for a migration: those that change, in the order given, behind those that
 * stay. Of a row's new version Postgres logs what lies between the first byte that differs from the old one and the last
 * one, the same bytes between them too.
 *
 * The table is rewritten under a lock; its checks, its indexes and the view of it and its archive are made anew. The
 * columns must not be in the primary key, nor have a default or a comment.
 */
export const moveColumnsLast = async (
  runner: QueryRunner,
  table: string,
  columns: readonly string[],
): Promise<void> => {
  const before = await partsOf(runner, table);
  await runner.query(`drop view ${table}_all`);
  const types: readonly { name: string; type: string; required: boolean }[] = await runner.query(
    `select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as required
     from pg_attribute where attrelid = $1::regclass and attname = any($2) order by array_position($2, attname::text)`,
    [table, columns],
  );
  const each = (part: (column: (typeof types)[number]) => string): string => types.map(part).join(', ');
  await runner.query(`alter table ${table} ${each(({ name, type }) => `add column moved_${name} ${type}`)}`);
  await runner.query(`update ${table} set ${each(({ name }) => `moved_${name} = ${name}`)}`);
  await runner.query(`alter table ${table} ${each(({ name }) => `drop column ${name}`)}`);
  for (const { name, required } of types) {
    await runner.query(`alter table ${table} rename column moved_${name} to ${name}`);
    if (required) await runner.query(`alter table ${table} alter column ${name} set not null`);
  }
  const after = new Set((await partsOf(runner, table)).map(({ name }) => name));
  for (const { name, sql } of before) if (!after.has(name)) await runner.query(sql);
  await createArchiveView(runner, table);
};

/** Checks and indexes of a table by name, each with the statement that makes it: what goes with a column of theirs. */
const partsOf = (runner: QueryRunner, table: string): Promise<{ name: string; sql: string }[]> =>
  runner.query(
    `select conname as name, format('alter table %s add constraint %I %s', $1::text, conname, pg_get_constraintdef(oid)) as sql
     from pg_constraint where conrelid = $1::regclass and contype = 'c'
     union all
     select indexrelid::regclass::text, pg_get_indexdef(indexrelid)
     from pg_index where indrelid = $1::regclass and not indisprimary`,
    [table],
  );
