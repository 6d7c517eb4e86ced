/** Column values of one row as plain data; timestamps are ISO 8601 strings, `jsonb` is its parsed value. */
export type State = object;

/**
 * A table that reactions may read and write. Made once by `defineStore` beside its entity:
 * `export const Reservations = defineStore<Reservation>()(ReservationEntity, 'orderId', 'shipment');`
 */
export interface Store<S extends State = State, K extends string = string> {
  /** The TypeORM entity; its metadata is the single source for column names and types. */
  readonly entity: new () => StateEntityLike;
  /** Properties of the primary key, in the order in which rows are locked. */
  readonly key: readonly K[];
  /** What becomes of rows that have ended; absent: they stay. */
  readonly archive?: Archive;
  /** Never set: carries the type of a row. */
  readonly state?: S;
}

/**
 * When a row may leave its table for the archive beside it (`createArchive` makes that). A unit of work that asks for
 * the row by its key takes it back; a query never finds it there, so that no query may ask for rows that have ended.
 * Both are SQL over the table's columns, and must be written for good in the row: nothing else is asked.
 */
export interface Archive {
  /** Condition: nothing more happens to the row by itself. */
  readonly ended: string;
  /** The moment since which the row rests. */
  readonly since: string;
}

/** What every entity that reactions write must have; extend `StateEntity` to get it. */
export interface StateEntityLike {
  outboxId: string | null;
}

/**
 * Declares a store over an entity whose rows have the shape `S`. `key` must name exactly the primary key's
 * properties (checked when the service starts).
 */
export const defineStore =
  <S extends State>() =>
  <const K extends (keyof S & string)[]>(entity: new () => StateEntityLike & S, ...key: K): Store<S, K[number]> => ({
    entity,
    key,
  });

/** The same store, whose rows leave for the archive once they have ended. */
export const archived = <S extends State, K extends string>(store: Store<S, K>, archive: Archive): Store<S, K> => ({
  ...store,
  archive,
});

/** The condition of an archive for rows that have ended once they are in one of these states. */
export const stateIn = (states: readonly string[]): string =>
  `state in (${states.map((state) => `'${state}'`).join(', ')})`;

/** Rows that a reaction finds by a condition instead of by key. */
export interface Query<S extends State = State, P = unknown> {
  readonly store: Store<S>;
  /** SQL condition over the table's columns (`$1`, `$2`, … are the values of `bind`), without `where`. */
  readonly where: string;
  bind(params: P): readonly unknown[];
  /**
   * Parameters that find at least what all of these find, so that the messages of one unit of work ask once. Without it
   * each asks for itself.
   */
  merge?(all: readonly P[]): P;
  /**
   * The same condition over a row in memory, so that the answer includes what earlier reactions of the same unit of
   * work changed.
   */
  matches(row: S, params: P): boolean;
  /** Order of the answer. */
  compare(a: S, b: S): number;
}

/** Declares a query; see `Query`. */
export const defineQuery = <S extends State, P>(store: Store<S>, query: Omit<Query<S, P>, 'store'>): Query<S, P> => ({
  store,
  ...query,
});
