import 'reflect-metadata';
import type { Moment, Need, Needs, Outcome, ReactionPlan, State, Store } from '@baton/messaging';

/** A message of any kind as a reaction gets it, with the name by which its reaction is found. */
export interface Named {
  readonly name: string;
  readonly id: string;
  readonly message: unknown;
}

/**
 * Changes what a reaction gets to see, as a bug would: the message's name and the rows it loaded. Returns undefined when
 * the message is to be ignored. Only tests of the simulation itself use it.
 */
export type Sabotage = (service: string, message: string, loaded: Loaded) => Loaded | undefined;
export type Loaded = Readonly<Record<string, unknown>>;

interface Reaction {
  readonly plan: ReactionPlan;
  run(message: unknown, loaded: unknown, moment: Moment): Outcome;
}

const reactionsOf = (controllers: readonly object[]): ReadonlyMap<string, Reaction> => {
  const found = new Map<string, Reaction>();
  for (const controller of controllers) {
    const prototype = Object.getPrototypeOf(controller) as object;
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method: unknown = Reflect.get(prototype, name);
      if (typeof method !== 'function') continue;
      const extras = Reflect.getMetadata('microservices:pattern_extras', method) as { plan: ReactionPlan } | undefined;
      for (const { eventName } of extras?.plan.definitions ?? []) {
        const run: Reaction['run'] = (message, loaded, moment) =>
          Reflect.apply(method, controller, [message, loaded, moment]) as Outcome;
        found.set(eventName, { plan: (extras as { plan: ReactionPlan }).plan, run });
      }
    }
  }
  return found;
};

const freeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
};

/**
 * The real reactions of a service over tables in memory: each message is handled as a unit of work would, with exactly
 * the rows that its reaction asks for. Rows are frozen, so that a reaction that changes one in place fails, and a row
 * that was not asked for cannot be saved.
 */
export class MemoryService {
  private readonly tables = new Map<Store, Map<string, State>>();
  private readonly reactions: ReadonlyMap<string, Reaction>;

  constructor(
    readonly name: string,
    controllers: readonly object[],
    private readonly sabotage: Sabotage = (_service, _message, loaded) => loaded,
  ) {
    this.reactions = reactionsOf(controllers);
  }

  reactsTo(name: string): boolean {
    return this.reactions.has(name);
  }

  /** Handles one message; what it throws leaves no trace. */
  handle({ name, message }: Named, moment: Moment): Outcome {
    const reaction = this.reactions.get(name);
    if (!reaction) throw new Error(`${this.name} does not react to ${name}.`);
    const seen = new Set<string>();
    const first = this.load(reaction.plan.first(message as never), seen);
    const second = reaction.plan.second?.(message as never, first as never);
    const loaded = this.sabotage(this.name, name, second ? { ...first, ...this.load(second, seen) } : first);
    if (!loaded) return {};
    const outcome = reaction.run(message, loaded, moment);
    for (const { store, state, join } of outcome.save ?? []) {
      const key = keyOf(store, state);
      const table = this.table(store);
      const before = table.get(key);
      if (!join && !seen.has(`${store.entity.name} ${key}`)) {
        throw new Error(`${this.name} saved ${store.entity.name} ${key} without having asked to see it (${name}).`);
      }
      table.set(key, freeze(join && before ? join(before, state) : state));
    }
    return outcome;
  }

  rows<S extends State>(store: Store<S>): readonly S[] {
    return [...this.table(store).values()] as S[];
  }

  find<S extends State, K extends string>(store: Store<S, K>, key: Readonly<Record<K, unknown>>): S | undefined {
    return this.table(store).get(keyOf(store, key)) as S | undefined;
  }

  /** Puts a row there, as a migration would. */
  seed<S extends State>(store: Store<S>, state: S): void {
    this.table(store).set(keyOf(store, state), freeze(state));
  }

  /** Backs up all tables; what it returns puts them back. */
  backUp(): () => void {
    const copy = [...this.tables].map(([store, table]) => [store, new Map(table)] as const);
    return () => {
      this.tables.clear();
      for (const [store, table] of copy) this.tables.set(store, new Map(table));
    };
  }

  private load(needs: Needs, seen: Set<string>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(needs).map(([name, need]) => [name, this.answer(need, seen)]));
  }

  private answer(need: Need, seen: Set<string>): unknown {
    const see = (store: Store, key: string): State | undefined => {
      seen.add(`${store.entity.name} ${key}`);
      return this.table(store).get(key);
    };
    if (need.kind === 'one') return see(need.store, keyOf(need.store, need.key));
    if (need.kind === 'many') {
      const keys = new Set(need.keys.map((key) => keyOf(need.store, key)));
      return [...keys].map((key) => see(need.store, key)).filter((row) => row !== undefined);
    }
    const { query, params } = need;
    const rows = this.rows(query.store).filter((row) => query.matches(row, params));
    for (const row of rows) see(query.store, keyOf(query.store, row));
    return rows.toSorted((a, b) => query.compare(a, b));
  }

  private table(store: Store): Map<string, State> {
    const known = this.tables.get(store) ?? new Map<string, State>();
    this.tables.set(store, known);
    return known;
  }
}

const keyOf = (store: Store, state: object): string =>
  store.key.map((property) => String(Reflect.get(state, property))).join(' ');
