import type { DataSource } from 'typeorm';
import type { Loaded, Need, Needs } from '../api/needs.js';
import type { Change } from '../api/outcome.js';
import type { Query, State, Store } from '../api/stores.js';
import { traceHeaders } from '../telemetry/trace-text.js';
import type { Headers } from '../transport/port.js';
import { type Row, type Run, StoreTable } from './store-table.js';

/** The tables behind the stores of one service; found once, used by every unit of work. */
export class StoreTables {
  private readonly tables = new Map<Store, StoreTable>();

  constructor(private readonly dataSource: DataSource) {}

  of(store: Store): StoreTable {
    const known = this.tables.get(store);
    if (known) return known;
    const table = new StoreTable(store, this.dataSource);
    this.tables.set(store, table);
    return table;
  }

  /** True if a unique violation means that another process inserted the same row meanwhile. */
  isPrimaryKey(constraint: string | undefined): boolean {
    return [...this.tables.values()].some((table) => table.isPrimaryKey(constraint));
  }
}

interface Entry {
  readonly table: StoreTable;
  /** Undefined while no row exists. */
  state: State | undefined;
  /** As it was loaded. */
  readonly before: State | undefined;
  readonly outboxId: string | null;
  trace: string | null;
  readonly existed: boolean;
  changed: boolean;
  /** True once an event with this row's key was said together with it. */
  said: boolean;
}

/**
 * The rows that one unit of work has seen: each is loaded and locked once, and every reaction sees what the ones before
 * it changed. Written back in bulk.
 */
export class IdentityMap {
  private readonly entries = new Map<StoreTable, Map<string, Entry>>();
  /** Trace of the record of an order, by order id. */
  private readonly traces = new Map<string, string>();
  /** Queries that were answered, as `where` and JSON of their parameters: their rows are all in the map. */
  private readonly answered = new Map<Query, Set<string>>();

  constructor(
    private readonly tables: StoreTables,
    private readonly run: Run,
  ) {}

  /** Loads all that these needs name and that is not here yet, one statement a store and one a query. */
  async fetch(needs: Iterable<Needs>): Promise<void> {
    const missing = new Map<StoreTable, Map<string, object>>();
    const queries = new Map<Query, unknown[]>();
    for (const record of needs) {
      for (const need of Object.values(record)) {
        if (need.kind === 'query') {
          if (this.claim(need.query, need.params)) getOrAdd(queries, need.query, () => []).push(need.params);
          continue;
        }
        const table = this.tables.of(need.store);
        for (const key of need.kind === 'one' ? [need.key] : need.keys) {
          const text = table.keyOf(key);
          if (this.entries.get(table)?.has(text)) continue;
          getOrAdd(missing, table, () => new Map<string, object>()).set(text, key);
        }
      }
    }
    // Tables are locked in one order too, and rows that are named before rows that are searched.
    const ordered = [...missing].sort(([one], [other]) => (one.tableName < other.tableName ? -1 : 1));
    const loads = ordered.map(async ([table, keys]) => {
      for (const row of await table.load(this.run, [...keys.values()])) this.add(table, row);
      for (const text of keys.keys()) this.addAbsent(table, text);
    });
    const asked = [...queries].flatMap(([query, all]) =>
      (query.merge ? [query.merge(all)] : all).map((params) => ({ query, params })),
    );
    const finds = asked.map(async ({ query, params }) => {
      const table = this.tables.of(query.store);
      for (const row of await table.find(this.run, query, params)) this.add(table, row);
    });
    await Promise.all([...loads, ...finds]);
  }

  /** True if `resolve` can answer these needs without asking the database. */
  holds(needs: Needs): boolean {
    return Object.values(needs).every((need) => {
      if (need.kind === 'query') return this.answered.get(need.query)?.has(JSON.stringify(need.params)) ?? false;
      const table = this.tables.of(need.store);
      const rows = this.entries.get(table);
      const keys = need.kind === 'one' ? [need.key] : need.keys;
      return keys.every((key) => rows?.has(table.keyOf(key)) ?? false);
    });
  }

  /** The needs as a reaction sees them. */
  resolve(needs: Needs): Loaded<Needs> {
    return Object.fromEntries(Object.entries(needs).map(([name, need]) => [name, this.answer(need)])) as Loaded<Needs>;
  }

  /**
   * @param said keys of the events that are published with these changes
   * @param trace text of the message's trace, for rows that are made now
   */
  apply(changes: readonly Change[], said: ReadonlySet<string>, trace: string | null): void {
    for (const { store, state, join } of changes) {
      const table = this.tables.of(store);
      const text = table.keyOf(state);
      if (join) this.addAbsent(table, text);
      const entry = this.entries.get(table)?.get(text);
      if (!entry)
        throw new Error(`A reaction saved ${table.store.entity.name} ${text} without having asked to see it.`);
      entry.state = join && entry.state !== undefined ? join(entry.state, state) : state;
      entry.changed = true;
      if (!entry.existed && entry.trace === null) this.keepTrace(entry, trace);
      entry.said ||= table.keyValues(state).some((value) => said.has(value));
    }
  }

  /** The trace in which the record of an order was made, if such a record was loaded and keeps it. */
  traceOf(orderId: string): Headers | undefined {
    const text = this.traces.get(orderId);
    return text === undefined ? undefined : traceHeaders(text);
  }

  /** Outbox rows that the loaded rows name as holding their last events. */
  *outboxIds(): Iterable<string> {
    for (const rows of this.entries.values()) {
      for (const { outboxId } of rows.values()) if (outboxId !== null) yield outboxId;
    }
  }

  /**
   * Sends the writes; the caller awaits them together with the rest.
   * @param outboxId row that holds this unit of work's events, if it has any
   */
  write(outboxId: string | null): Promise<unknown>[] {
    const writes: Promise<unknown>[] = [];
    for (const [table, rows] of this.entries) {
      const inserts: Row[] = [];
      const updates: Row[] = [];
      for (const entry of rows.values()) {
        if (!entry.changed || entry.state === undefined) continue;
        const { state, before, trace } = entry;
        const row = { state, before, outboxId: entry.said ? outboxId : entry.outboxId, trace };
        (entry.existed ? updates : inserts).push(row);
      }
      if (inserts.length) writes.push(table.insert(this.run, inserts));
      if (updates.length) writes.push(table.update(this.run, updates));
    }
    return writes;
  }

  private answer(need: Need): unknown {
    if (need.kind === 'one') return this.stateOf(this.tables.of(need.store), need.key);
    if (need.kind === 'many') {
      const table = this.tables.of(need.store);
      const keys = new Map(need.keys.map((key) => [table.keyOf(key), key]));
      return [...keys.values()].map((key) => this.stateOf(table, key)).filter((state) => state !== undefined);
    }
    const { query, params } = need;
    const rows = this.entries.get(this.tables.of(query.store));
    return [...(rows?.values() ?? [])]
      .map(({ state }) => state)
      .filter((state): state is State => state !== undefined && query.matches(state, params))
      .sort((a, b) => query.compare(a, b));
  }

  private stateOf(table: StoreTable, key: object): State | undefined {
    return this.entries.get(table)?.get(table.keyOf(key))?.state;
  }

  private claim(query: Query, params: unknown): boolean {
    const known = getOrAdd(this.answered, query, () => new Set<string>());
    const text = JSON.stringify(params);
    if (known.has(text)) return false;
    known.add(text);
    return true;
  }

  private keepTrace(entry: Entry, trace: string | null): void {
    if (trace === null || entry.state === undefined || !entry.table.isTraced) return;
    entry.trace = trace;
    for (const value of entry.table.keyTexts(entry.state)) this.traces.set(value, trace);
  }

  private add(table: StoreTable, { state, outboxId, trace }: Row): void {
    const rows = getOrAdd(this.entries, table, () => new Map<string, Entry>());
    const text = table.keyOf(state);
    if (rows.has(text)) return;
    const entry: Entry = {
      table,
      state,
      before: state,
      outboxId,
      trace: null,
      existed: true,
      changed: false,
      said: false,
    };
    rows.set(text, entry);
    this.keepTrace(entry, trace);
  }

  private addAbsent(table: StoreTable, text: string): void {
    const rows = getOrAdd(this.entries, table, () => new Map<string, Entry>());
    if (!rows.has(text))
      rows.set(text, {
        table,
        state: undefined,
        before: undefined,
        outboxId: null,
        trace: null,
        existed: false,
        changed: false,
        said: false,
      });
  }
}

const getOrAdd = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
};
