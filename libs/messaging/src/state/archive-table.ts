import { arraysOf, type BulkColumn, isNamed, unnested } from './bulk.js';
import type { LoadedRow, Run } from './rows.js';

/** What the archive must know of the table beside which it stands. */
export interface ArchivedTable {
  readonly tableName: string;
  /** The primary key's. */
  readonly keyColumns: readonly BulkColumn[];
  /** Quoted names of all columns, in the order in which `read` wants their values. */
  readonly columns: readonly string[];
  keyOf(state: object): string;
  read(values: unknown[]): LoadedRow;
  /** Loads and locks rows of the table itself. */
  loadHot(run: Run, keys: readonly object[]): Promise<LoadedRow[]>;
}

/** The keys that the archive knows, and whether they rest there now. */
export type ArchiveLook = ReadonlyMap<string, boolean>;

/** Moves back and forth between two looks; more often than a few times is a bug. */
const MOST_LOOKS = 20;

/**
 * Finds rows that have left their table, and takes them back, for whoever has looked for them in vain.
 *
 * A row is found, whoever moves it meanwhile. The look into the archive is a statement of its own after the one that
 * locks in the table: it sees whatever was moved before the lock was given. What is taken back stays in the archive,
 * marked, so that somebody who looked into the table before, and into the archive after, finds the mark and looks into
 * the table again.
 */
export class ArchiveTable {
  private readonly find: string;
  private readonly takeBack: string;

  constructor(private readonly table: ArchivedTable) {
    const { tableName, keyColumns, columns } = table;
    const keys = (alias: string) => keyColumns.map(({ name }) => `${alias}.${name}`).join(', ');
    const wanted = unnested(keyColumns);
    const same = isNamed('a', keyColumns);
    const archive = `"${tableName}_archive"`;
    // Lateral, and with an offset that the planner may not see through: each key by the index, never the whole archive
    // for a join.
    this.find = `select ${keys('k')}, found.taken_back from ${wanted}
      cross join lateral (select a.taken_back from ${archive} a where ${same} offset 0) found`;
    const of = (alias: string) => columns.map((name) => `${alias}.${name}`).join(', ');
    this.takeBack = `with back as (
        update ${archive} a set taken_back = true from ${wanted}
        where ${same} and not a.taken_back returning ${of('a')})
      insert into "${tableName}" as t (${columns.join(', ')}) select ${of('back')} from back returning ${of('t')}`;
  }

  /**
   * The rows under these keys, which were not in the table; they are there and locked afterwards.
   * @param first a look that was sent after the statement which did not find them
   */
  async recall(run: Run, keys: readonly object[], first?: ArchiveLook): Promise<LoadedRow[]> {
    const rows: LoadedRow[] = [];
    let missing = new Map(keys.map((key) => [this.table.keyOf(key), key]));
    for (let looks = 0; missing.size > 0; looks += 1) {
      if (looks === MOST_LOOKS) throw new Error(`Rows of ${this.table.tableName} are in the archive and are not.`);
      const known = looks === 0 && first ? first : await this.look(run, [...missing.values()]);
      if (known.size === 0) break;
      const resting = [...known].filter(([, isThere]) => isThere).flatMap(([text]) => missing.get(text) ?? []);
      const back = resting.length > 0 ? await this.takeBackAll(run, resting) : [];
      missing = new Map([...missing].filter(([text]) => known.has(text)));
      for (const row of back) missing.delete(this.table.keyOf(row.state));
      // Somebody else took the others back.
      const hot = missing.size > 0 ? await this.table.loadHot(run, [...missing.values()]) : [];
      for (const row of hot) missing.delete(this.table.keyOf(row.state));
      rows.push(...back, ...hot);
    }
    return rows;
  }

  async look(run: Run, keys: readonly object[]): Promise<ArchiveLook> {
    const { keyColumns, tableName, keyOf } = this.table;
    const { rows } = await run(this.find, arraysOf(keyColumns, keys), `${tableName}:archive`);
    const known = new Map<string, boolean>();
    for (const values of rows) {
      const key = Object.fromEntries(keyColumns.map(({ property }, index) => [property, values[index]]));
      const text = keyOf.call(this.table, key);
      const isThere = values[keyColumns.length] === false;
      known.set(text, isThere || (known.get(text) ?? false));
    }
    return known;
  }

  private async takeBackAll(run: Run, keys: readonly object[]): Promise<LoadedRow[]> {
    const { rows } = await run(this.takeBack, arraysOf(this.table.keyColumns, keys));
    return rows.map((values) => this.table.read(values));
  }
}
