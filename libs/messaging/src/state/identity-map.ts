import type { DataSource } from 'typeorm';
import type { Loaded, Need, Needs, QueryNeed } from '../api/needs.js';
import type { Change } from '../api/outcome.js';
import type { Query, State, Store } from '../api/stores.js';
import { traceHeaders, traceText } from '../telemetry/trace-text.js';
import type { Headers } from '../transport/port.js';
import type { LoadedRow, Row, Run } from './rows.js';
import { StoreTable } from './store-table.js';

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

/** One row, or the place where it would be: made when it is asked for, filled when it is loaded. */
class Entry implements Row {
  /** Undefined while no row exists. */
  state: State | undefined = undefined;
  /** As it was loaded. */
  before: State | undefined = undefined;
  outboxId: string | null = null;
  trace: string | null = null;
  isLoaded = false;
  existed = false;
  changed = false;
  /** True once an event with this row's key was said together with it. */
  said = false;

  constructor(readonly table: StoreTable) {}
}

/**
 * Needs of one message by their names, each as the entries of its rows in the map: no key is looked up again to see
 * them.
 */
export type Wanted = Readonly<Record<string, Want>>;

type Want = Entry | readonly Entry[] | QueryNeed;

const NO_ENTRIES: readonly Entry[] = [];
/** Reactions share it. */
const NO_STATES: readonly State[] = Object.freeze([]);

/**
 * The rows that one unit of work has seen: each is loaded and locked once, and every reaction sees what the ones before
 * it changed. Written back in bulk.
 */
export class IdentityMap {
  private readonly rows = new Map<StoreTable, Map<string, Entry>>();
  /** Trace of the record of an order, by order id. */
  private readonly traces = new Map<string, string>();
  /** Queries that were asked, as JSON of their parameters: after the next `fetch` their rows are all in the map. */
  private readonly asked = new Map<Query, Set<string>>();
  /** Keys and parameters that were asked for and are not fetched. */
  private missingKeys = new Map<StoreTable, Map<Entry, object>>();
  private missingQueries = new Map<Query, unknown[]>();

  constructor(
    private readonly tables: StoreTables,
    private readonly run: Run,
  ) {}

  /** Notes what must be fetched before these needs can be seen. */
  want(needs: Needs): Wanted {
    const wanted: Record<string, Want> = {};
    for (const name in needs) {
      const need = needs[name];
      if (need) wanted[name] = this.wantOne(need);
    }
    return wanted;
  }

  /** True when all that was wanted can be seen. */
  get isComplete(): boolean {
    return this.missingKeys.size === 0 && this.missingQueries.size === 0;
  }

  /** Loads all that was wanted and is not here yet, one statement a store and one a query. */
  async fetch(): Promise<void> {
    const { missingKeys, missingQueries } = this;
    this.missingKeys = new Map();
    this.missingQueries = new Map();
    // Tables are locked in one order too, and rows that are named before rows that are searched.
    const ordered = [...missingKeys].sort(([one], [other]) => (one.tableName < other.tableName ? -1 : 1));
    const loads = ordered.map(async ([table, keys]) => {
      for (const row of await table.load(this.run, [...keys.values()])) this.fill(table, row);
      for (const entry of keys.keys()) entry.isLoaded = true;
    });
    const asked = [...missingQueries].flatMap(([query, all]) =>
      (query.merge ? [query.merge(all)] : all).map((params) => ({ query, params })),
    );
    const finds = asked.map(async ({ query, params }) => {
      const table = this.tables.of(query.store);
      for (const row of await table.find(this.run, query, params)) this.fill(table, row);
    });
    await Promise.all([...loads, ...finds]);
  }

  /**
   * What was wanted and fetched, as it is now.
   * @param besides what was seen before, to which it is added
   */
  see(wanted: Wanted, besides: Loaded<Needs> = {}): Loaded<Needs> {
    const loaded: Record<string, unknown> = besides;
    for (const name in wanted) {
      const want = wanted[name];
      if (want instanceof Entry) loaded[name] = want.state;
      else if (want) loaded[name] = isQuery(want) ? this.answer(want) : statesOf(want);
    }
    return loaded as Loaded<Needs>;
  }

  /**
   * @param said the events that are published with these changes
   * @param trace of the message, for rows that are made now
   */
  apply(changes: readonly Change[], said: readonly { readonly key: string }[], trace: Headers): void {
    const [only] = changes;
    if (changes.length === 1 && only) {
      const entry = this.changing(only);
      this.mark(entry, stateAfter(only, entry.state), said, trace);
      return;
    }
    // All that can fail comes first: an outcome leaves all of its marks or none.
    const states = new Map<Entry, State>();
    for (const change of changes) {
      const entry = this.changing(change);
      states.set(entry, stateAfter(change, states.get(entry) ?? entry.state));
    }
    for (const [entry, state] of states) this.mark(entry, state, said, trace);
  }

  /** The trace in which the record of an order was made, if such a record was loaded and keeps it. */
  traceOf(orderId: string): Headers | undefined {
    const text = this.traces.get(orderId);
    return text === undefined ? undefined : traceHeaders(text);
  }

  /** Outbox rows that the loaded rows name as holding their last events. */
  *outboxIds(): Iterable<string> {
    for (const rows of this.rows.values()) {
      for (const { outboxId } of rows.values()) if (outboxId !== null) yield outboxId;
    }
  }

  /**
   * Sends the writes; the caller awaits them together with the rest.
   * @param outboxId row that holds this unit of work's events, if it has any
   */
  write(outboxId: string | null): Promise<unknown>[] {
    const writes: Promise<unknown>[] = [];
    for (const [table, rows] of this.rows) {
      const inserts: Row[] = [];
      const updates: Row[] = [];
      for (const entry of rows.values()) {
        if (!entry.changed) continue;
        if (entry.said) entry.outboxId = outboxId;
        (entry.existed ? updates : inserts).push(entry);
      }
      if (inserts.length) writes.push(table.insert(this.run, inserts));
      if (updates.length) writes.push(table.update(this.run, updates));
    }
    return writes;
  }

  private wantOne(need: Need): Want {
    if (need.kind === 'query') {
      const { query, params } = need;
      const known = getOrAdd(this.asked, query, () => new Set<string>());
      const text = JSON.stringify(params);
      if (!known.has(text)) {
        known.add(text);
        getOrAdd(this.missingQueries, query, () => []).push(params);
      }
      return need;
    }
    const table = this.tables.of(need.store);
    const rows = this.rowsOf(table);
    if (need.kind === 'one') return this.wantKey(table, rows, need.key);
    const { keys } = need;
    const [first] = keys;
    if (first === undefined) return NO_ENTRIES;
    if (keys.length === 1) return [this.wantKey(table, rows, first)];
    // A repeated key counts once.
    const entries = new Set<Entry>();
    for (const key of keys) entries.add(this.wantKey(table, rows, key));
    return [...entries];
  }

  private wantKey(table: StoreTable, rows: Map<string, Entry>, key: object): Entry {
    const text = table.keyOf(key);
    const known = rows.get(text);
    if (known) return known;
    const entry = new Entry(table);
    rows.set(text, entry);
    getOrAdd(this.missingKeys, table, () => new Map<Entry, object>()).set(entry, key);
    return entry;
  }

  private answer({ query, params }: QueryNeed): readonly State[] {
    const states: State[] = [];
    for (const { state } of this.rowsOf(this.tables.of(query.store)).values()) {
      if (state !== undefined && query.matches(state, params)) states.push(state);
    }
    return states.sort((a, b) => query.compare(a, b));
  }

  /** The row that a change is about. */
  private changing({ store, state, join }: Change): Entry {
    const table = this.tables.of(store);
    const text = table.keyOf(state);
    const entry = join ? this.added(table, text) : this.rows.get(table)?.get(text);
    if (!entry?.isLoaded)
      throw new Error(`A reaction saved ${table.store.entity.name} ${text} without having asked to see it.`);
    return entry;
  }

  private mark(entry: Entry, state: State, said: readonly { readonly key: string }[], trace: Headers): void {
    const { table } = entry;
    entry.state = state;
    entry.changed = true;
    if (table.isTraced && !entry.existed && entry.trace === null) this.keepTrace(entry, traceText(trace));
    entry.said ||= said.some(({ key }) => table.isKeyedBy(state, key));
  }

  private keepTrace(entry: Entry, trace: string | null): void {
    if (trace === null || entry.state === undefined) return;
    entry.trace = trace;
    for (const value of entry.table.keyTexts(entry.state)) this.traces.set(value, trace);
  }

  private fill(table: StoreTable, { state, outboxId, trace }: LoadedRow): void {
    const entry = this.entryOf(table, table.keyOf(state));
    if (entry.isLoaded) return;
    entry.isLoaded = true;
    entry.existed = true;
    entry.state = state;
    entry.before = state;
    entry.outboxId = outboxId;
    this.keepTrace(entry, trace);
  }

  /** The entry of a row that nobody need look for. */
  private added(table: StoreTable, text: string): Entry {
    const entry = this.entryOf(table, text);
    entry.isLoaded = true;
    return entry;
  }

  private entryOf(table: StoreTable, text: string): Entry {
    return getOrAdd(this.rowsOf(table), text, () => new Entry(table));
  }

  private rowsOf(table: StoreTable): Map<string, Entry> {
    return getOrAdd(this.rows, table, () => new Map<string, Entry>());
  }
}

const stateAfter = ({ state, join }: Change, before: State | undefined): State =>
  join && before !== undefined ? join(before, state) : state;

const isQuery = (want: readonly Entry[] | QueryNeed): want is QueryNeed => 'query' in want;

const statesOf = (entries: readonly Entry[]): readonly State[] => {
  if (entries.length === 0) return NO_STATES;
  const states: State[] = [];
  for (const { state } of entries) if (state !== undefined) states.push(state);
  return states;
};

const getOrAdd = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
};
