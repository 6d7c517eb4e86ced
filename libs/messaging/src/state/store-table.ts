import type { DataSource, EntityMetadata } from 'typeorm';
import type { Query, Store } from '../api/stores.js';
import { ArchiveTable } from './archive-table.js';
import { arraysOf, type BulkColumn, bulkInsert, isNamed, unnested } from './bulk.js';
import type { LoadedRow, Row, Run } from './rows.js';

/** The columns beside the store's own; `Row` and `LoadedRow` have their values. */
const OUTBOX_ID: BulkColumn = { property: 'outboxId', name: 'outbox_id', type: 'bigint' };
const TRACE: BulkColumn = { property: 'trace', name: 'trace', type: 'text' };

type Values = Readonly<Record<string, unknown>>;

/**
 * For so few keys the look into the archive goes along with the load, whatever is found: a round trip would cost more.
 * Of many, most are found, and only the others are looked for.
 */
const FEW_KEYS = 16;

/** A bulk update of some columns. */
interface Update {
  /** Name of its prepared statement. */
  readonly name: string;
  readonly sql: string;
  /** The store's: the key's and those that are written. */
  readonly columns: readonly BulkColumn[];
}

/** One store's table: bulk statements, made from TypeORM's metadata, which stays the only mapping. */
export class StoreTable {
  private readonly columns: readonly BulkColumn[];
  private readonly keyColumns: readonly BulkColumn[];
  private readonly firstKey: string;
  private readonly otherKeys: readonly string[];
  private readonly sql: { readonly load: string; readonly insert: string };
  private readonly updates = new Map<string, Update>();
  /** Kept beside the store's columns. */
  private readonly kept: readonly BulkColumn[];
  private readonly selectList: string;
  private readonly table: string;
  private readonly archive: ArchiveTable | undefined;
  /** True for rows that keep the trace in which they were made. */
  readonly isTraced: boolean;
  readonly tableName: string;

  constructor(
    readonly store: Store,
    dataSource: DataSource,
  ) {
    const metadata = dataSource.getMetadata(store.entity);
    checkColumns(store, metadata);
    this.tableName = metadata.tableName;
    this.table = quoteName(metadata.tableName);
    this.columns = metadata.columns
      .filter(({ propertyName }) => propertyName !== 'outboxId' && propertyName !== 'trace')
      .map((column) => ({
        property: column.propertyName,
        name: quoteName(column.databaseName),
        type: dataSource.driver.normalizeType(column),
      }));
    this.keyColumns = store.key.map((property) => {
      const column = this.columns.find((each) => each.property === property);
      if (!column) throw new Error(`${metadata.name} has no property ${property}.`);
      return column;
    });
    const [firstKey = '', ...otherKeys] = store.key;
    this.firstKey = firstKey;
    this.otherKeys = otherKeys;
    this.isTraced = metadata.findColumnWithPropertyName('trace') !== undefined;
    this.kept = this.isTraced ? [OUTBOX_ID, TRACE] : [OUTBOX_ID];
    this.selectList = [...this.columns, ...this.kept].map(({ name }) => `t.${name}`).join(', ');
    this.sql = { load: this.loadSql(), insert: bulkInsert(this.table, [...this.columns, ...this.kept]) };
    this.archive = store.archive && this.archiveTable(metadata.tableName);
  }

  /** True if a unique violation on this constraint means that somebody else inserted the same row meanwhile. */
  isPrimaryKey(constraint: string | undefined): boolean {
    return constraint === `${this.tableName}_pkey`;
  }

  keyOf(state: object): string {
    const values = state as Values;
    let text = String(values[this.firstKey]);
    for (const property of this.otherKeys) text += `\u0001${String(values[property])}`;
    return text;
  }

  /** True if the key of an event is one of the values of the primary key. */
  isKeyedBy(state: object, key: string): boolean {
    return this.store.key.some((property) => String((state as Values)[property]) === key);
  }

  /** Those values of the primary key that are text: an order id, never a shipment's number. */
  keyTexts(state: object): string[] {
    const values = state as Values;
    return this.store.key.map((property) => values[property]).filter((value) => typeof value === 'string');
  }

  /**
   * Loads and locks the rows under these keys, those of the table in key order, so that two units of work never wait in a
   * circle. What has left for the archive is taken back.
   */
  async load(run: Run, keys: readonly object[]): Promise<LoadedRow[]> {
    const { archive } = this;
    if (!archive) return this.loadHot(run, keys);
    const [rows, look] = await Promise.all([
      this.loadHot(run, keys),
      keys.length <= FEW_KEYS ? archive.look(run, keys) : undefined,
    ]);
    if (rows.length === keys.length) return rows;
    const there = new Set(rows.map(({ state }) => this.keyOf(state)));
    const missing = keys.filter((key) => !there.has(this.keyOf(key)));
    return [...rows, ...(await archive.recall(run, missing, look))];
  }

  private async loadHot(run: Run, keys: readonly object[]): Promise<LoadedRow[]> {
    const { rows } = await run(this.sql.load, arraysOf(this.keyColumns, keys), `${this.tableName}:load`);
    return rows.map((row) => this.read(row));
  }

  /** Loads and locks the rows that satisfy a query's condition. */
  async find(run: Run, query: Query, params: unknown): Promise<LoadedRow[]> {
    const order = this.keyColumns.map(({ name }) => `t.${name}`).join(', ');
    const sql = `select ${this.selectList} from ${this.table} t where ${query.where} order by ${order} for update of t`;
    const { rows } = await run(sql, query.bind(params));
    return rows.map((row) => this.read(row));
  }

  insert(run: Run, rows: readonly Row[]): Promise<unknown> {
    return run(this.sql.insert, this.params(rows, this.columns, this.kept), `${this.tableName}:insert`);
  }

  /**
   * Writes the columns in which any of the rows differs from what was loaded: most changes are of a status, and what an
   * order or a parcel consists of is neither sent nor parsed again.
   */
  update(run: Run, rows: readonly Row[]): Promise<unknown> {
    const { name, sql, columns } = this.updateOf(rows);
    return run(sql, this.params(rows, columns, [OUTBOX_ID]), name);
  }

  private read(values: unknown[]): LoadedRow {
    const state: Record<string, unknown> = {};
    let index = 0;
    for (const { property } of this.columns) state[property] = values[index++];
    const outboxId = values[index] as string | null;
    const trace = this.isTraced ? (values[index + 1] as string | null) : null;
    return { state, outboxId, trace };
  }

  private params(rows: readonly Row[], columns: readonly BulkColumn[], kept: readonly BulkColumn[]): Buffer[] {
    const states = rows.map(({ state }) => state as object);
    return [...arraysOf(columns, states), ...arraysOf(kept, rows)];
  }

  /** The statement for what has changed in these rows; states are copied to be changed, so that the same is the same. */
  private updateOf(rows: readonly Row[]): Update {
    const changed = this.columns.filter(
      (column) =>
        !this.keyColumns.includes(column) &&
        rows.some((row) => (row.state as Values)[column.property] !== (row.before as Values)[column.property]),
    );
    const name = `${this.tableName}:update:${changed.map((column) => this.columns.indexOf(column)).join('.')}`;
    const known = this.updates.get(name);
    if (known) return known;
    const made = { name, sql: this.updateSql(changed), columns: [...this.keyColumns, ...changed] };
    this.updates.set(name, made);
    return made;
  }

  private archiveTable(tableName: string): ArchiveTable {
    return new ArchiveTable({
      tableName,
      keyColumns: this.keyColumns,
      columns: [...this.columns, ...this.kept].map(({ name }) => name),
      keyOf: (state) => this.keyOf(state),
      read: (values) => this.read(values),
      loadHot: (run, keys) => this.loadHot(run, keys),
    });
  }

  private loadSql(): string {
    const names = this.keyColumns.map(({ name }) => `t.${name}`).join(', ');
    return `select ${this.selectList} from ${unnested(this.keyColumns)} join ${this.table} t on ${isNamed('t', this.keyColumns)}
      order by ${names} for update of t`;
  }

  private updateSql(changed: readonly BulkColumn[]): string {
    const assignments = [...changed, OUTBOX_ID].map(({ name }) => `${name} = k.${name}`).join(', ');
    const rows = unnested([...this.keyColumns, ...changed, OUTBOX_ID]);
    return `update ${this.table} t set ${assignments} from ${rows} where ${isNamed('t', this.keyColumns)}`;
  }
}

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const checkColumns = (store: Store, metadata: EntityMetadata): void => {
  const list = metadata.columns.find(({ isArray }) => isArray);
  if (list) throw new Error(`${metadata.name}.${list.propertyName} is an array; a list in a store is jsonb.`);
  const primary = metadata.primaryColumns.map(({ propertyName }) => propertyName);
  if (primary.length !== store.key.length || primary.some((property) => !store.key.includes(property))) {
    throw new Error(
      `defineStore(${metadata.name}, ${store.key.join(', ')}) must name its primary key, which is ${primary.join(', ')}.`,
    );
  }
  if (!metadata.findColumnWithPropertyName('outboxId')) {
    throw new Error(`${metadata.name} must extend StateEntity, and its migration must add outbox_id.`);
  }
};
