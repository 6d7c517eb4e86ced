import type { Query, State, Store } from './stores.js';

/** One row; made by `one`. */
export interface OneNeed<S extends State = State> {
  readonly kind: 'one';
  readonly store: Store<S>;
  readonly key: Readonly<Record<string, unknown>>;
}
/** Rows by their keys; made by `many`. */
export interface ManyNeed<S extends State = State> {
  readonly kind: 'many';
  readonly store: Store<S>;
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}
/** Rows by a declared query; made by `found`. */
export interface QueryNeed<S extends State = State> {
  readonly kind: 'query';
  readonly query: Query<S>;
  readonly params: unknown;
}
export type Need<S extends State = State> = OneNeed<S> | ManyNeed<S> | QueryNeed<S>;

/** What a reaction needs to see, by the name under which it gets it. */
export type Needs = Readonly<Record<string, Need>>;

/** The row under this key, locked, or undefined. */
export const one = <S extends State, K extends keyof S & string>(store: Store<S, K>, key: Pick<S, K>): OneNeed<S> => ({
  kind: 'one',
  store,
  key,
});

/** The rows under these keys that exist, locked, in the order of the keys (a repeated key counts once). */
export const many = <S extends State, K extends keyof S & string>(
  store: Store<S, K>,
  keys: readonly Pick<S, K>[],
): ManyNeed<S> => ({
  kind: 'many',
  store,
  keys,
});

/** The rows that satisfy a query, locked, in its order. */
export const found = <S extends State, P>(query: Query<S, P>, params: P): QueryNeed<S> => ({
  kind: 'query',
  query,
  params,
});

type LoadedNeed<N> =
  N extends OneNeed<infer S> ? S | undefined : N extends ManyNeed<infer S> | QueryNeed<infer S> ? readonly S[] : never;

type Functional = (...args: never[]) => Needs;

/** What the needs of these functions (or this record of needs) become when they are loaded. */
export type Loaded<First extends Functional | Needs, Second extends Functional | Needs = Record<never, never>> = {
  readonly [K in keyof NeedsOf<First>]: LoadedNeed<NeedsOf<First>[K]>;
} & { readonly [K in keyof NeedsOf<Second>]: LoadedNeed<NeedsOf<Second>[K]> };

type NeedsOf<T> = T extends (...args: never[]) => infer N ? N : T;
