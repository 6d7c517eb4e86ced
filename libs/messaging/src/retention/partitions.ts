/** Runs one statement and gives its rows. */
export type Ask = <Row extends object = Record<string, unknown>>(
  sql: string,
  params?: readonly unknown[],
) => Promise<readonly Row[]>;

/** How many months beyond this one have their partitions made. */
const MONTHS_AHEAD = 2;

/** Text with its place for a name filled in, quoted. */
export const named = (sql: string, name: string): string => sql.replaceAll('%I', `"${name.replaceAll('"', '""')}"`);

const monthOf = (date: Date, later: number): Date =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later, 1));

/**
 * Makes the partitions of this month and the next ones, as far as they are not there. A month of which the default
 * partition already has rows is left to it.
 * @param table a table partitioned by range of time
 */
export const makePartitions = async (ask: Ask, table: string, now: Date): Promise<void> => {
  const key = await partitionKeyOf(ask, table);
  const partitions = await partitionsOf(ask, table);
  for (let later = 0; later <= MONTHS_AHEAD; later += 1) {
    const [from, to] = [monthOf(now, later), monthOf(now, later + 1)];
    const name = `${table}_${from.toISOString().slice(0, 7).replace('-', '_')}`;
    const covered = partitions.some(
      (known) => known.until !== undefined && known.until >= to && (known.from === undefined || known.from <= from),
    );
    if (covered) continue;
    const spare = partitions.find(({ until }) => until === undefined);
    const between = `where ${key} >= $1 and ${key} < $2 limit 1`;
    if (spare && (await ask(named(`select 1 from %I ${between}`, spare.name), [from, to])).length > 0) continue;
    await ask(
      named(`create table %I partition of `, name) +
        named(`%I for values from ('${from.toISOString()}') to ('${to.toISOString()}')`, table),
    );
  }
};

/** The column by which a table is partitioned. */
export const partitionKeyOf = async (ask: Ask, table: string): Promise<string> => {
  const [row] = await ask<{ key: string | null }>(
    `select substring(pg_get_partkeydef($1::regclass) from '\\((.+)\\)') as key`,
    [table],
  );
  if (!row?.key) throw new Error(`${table} is not partitioned by a column.`);
  return row.key;
};

export interface Partition {
  readonly name: string;
  /** Beginning of its range; undefined when there is none, and for the default partition. */
  readonly from: Date | undefined;
  /** End of its range; undefined for the default partition. */
  readonly until: Date | undefined;
}

/** The partitions of a table, oldest first, the default one last. */
export const partitionsOf = async (ask: Ask, table: string): Promise<readonly Partition[]> => {
  const rows = await ask<{ name: string; from: Date | null; until: Date | null }>(
    `select c.relname as name,
            substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \\(''([^'']+)''\\)')::timestamptz as "from",
            substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \\(''([^'']+)''\\)')::timestamptz as until
     from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = $1::regclass order by until nulls last`,
    [table],
  );
  return rows.map(({ name, from, until }) => ({ name, from: from ?? undefined, until: until ?? undefined }));
};

/** Those of which everything is older than a moment. */
export const expired = (partitions: readonly Partition[], before: Date): readonly Partition[] =>
  partitions.filter(({ until }) => until !== undefined && until <= before);
