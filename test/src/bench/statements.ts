import { databaseName, databases } from '@baton/run';
import pg from 'pg';

const TOP = 40;
const LONGEST = 110;

interface Written {
  readonly table: string;
  readonly inserted: number;
  readonly updated: number;
  /** Of the updates, those that touched no index. */
  readonly hot: number;
  readonly deleted: number;
  readonly scans: number;
}

interface Statement {
  readonly database: string;
  readonly calls: number;
  readonly ms: number;
  readonly rows: number;
  readonly wal: number;
  readonly text: string;
}

const TABLES = `
  select relname as table, n_tup_ins::int as inserted, n_tup_upd::int as updated, n_tup_hot_upd::int as hot,
    n_tup_del::int as deleted, (seq_scan + coalesce(idx_scan, 0))::int as scans
  from pg_stat_user_tables`;
const STATEMENTS = `
  select datname as database, calls::int, total_exec_time as ms, rows::int, wal_bytes::float8 as wal, query as text
  from pg_stat_statements s join pg_database d on d.oid = s.dbid
  where datname like 'baton%' order by total_exec_time desc`;
/** Connections publish their counts only once a second, and only when they do something or have just fallen idle. */
const COUNTS_LAG_MS = 1_500;

/** What Postgres did between `begin` and `report`: statements, and rows written by table. */
export class StatementCounts {
  private before: ReadonlyMap<string, Written> = new Map();

  constructor(private readonly databaseUrl: (database: string) => string) {}

  async begin(): Promise<void> {
    await this.ask('postgres', 'create extension if not exists pg_stat_statements');
    await this.ask('postgres', 'select pg_stat_statements_reset()');
    this.before = await this.written();
  }

  async report(sagas: number): Promise<string> {
    const statements = await this.ask<Statement>('postgres', STATEMENTS);
    await new Promise((resolve) => setTimeout(resolve, COUNTS_LAG_MS));
    const per = (count: number, digits = 2): string => (count / sagas).toFixed(digits).padStart(9);
    const sum = (name: 'calls' | 'ms'): number => statements.reduce((all, each) => all + each[name], 0);
    const after = await this.written();
    const tables = [...after].map(([table, now]) => {
      const was = this.before.get(table);
      const change = (name: Exclude<keyof Written, 'table'>): number => now[name] - (was?.[name] ?? 0);
      return { table, of: change };
    });
    return [
      `Postgres, statements a saga (${per(sum('calls')).trim()} calls, ${per(sum('ms') * 1_000, 0).trim()} µs in all)`,
      '    calls        µs      rows WAL bytes  ms/call',
      ...statements
        .slice(0, TOP)
        .map(
          ({ database, calls, ms, rows, wal, text }) =>
            `${per(calls, 3)} ${per(ms * 1_000, 1)} ${per(rows)} ${per(wal, 0)} ${(ms / calls).toFixed(2).padStart(8)}  ` +
            `${database.replace('baton_', '')}: ${text.replaceAll(/\s+/g, ' ').slice(0, LONGEST)}`,
        ),
      '',
      'Postgres, rows a saga',
      ' inserted   updated   thereof HOT   deleted     scans',
      ...tables
        .filter(({ of }) => of('inserted') + of('updated') + of('deleted') > 0)
        .map(
          ({ table, of }) =>
            `${per(of('inserted'))} ${per(of('updated'))}     ${per(of('hot'))} ${per(of('deleted'))} ${per(of('scans'))}  ${table}`,
        ),
    ].join('\n');
  }

  private async written(): Promise<ReadonlyMap<string, Written>> {
    const all = await Promise.all(
      databases.map(async (name) =>
        (await this.ask<Written>(databaseName(name), TABLES)).map((row) => [`${name}.${row.table}`, row] as const),
      ),
    );
    return new Map(all.flat());
  }

  private async ask<Row extends object>(database: string, sql: string): Promise<readonly Row[]> {
    const client = new pg.Client({ connectionString: this.databaseUrl(database) });
    await client.connect();
    try {
      return (await client.query<Row & pg.QueryResultRow>(sql)).rows;
    } finally {
      await client.end();
    }
  }
}
