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
