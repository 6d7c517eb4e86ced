import type { State } from '../api/stores.js';

/** Runs one statement on the connection of the unit of work. */
export type Run = (sql: string, params: readonly unknown[], name?: string) => Promise<{ readonly rows: unknown[][] }>;

/** A row as it was loaded. */
export interface LoadedRow {
  readonly state: State;
  /** The outbox row that holds the last events of its key. */
  readonly outboxId: string | null;
  /** Trace in which it was made; always null in a table that keeps none. */
  readonly trace: string | null;
}

/** A row that is to be written. */
export interface Row {
  readonly state: State | undefined;
  readonly outboxId: string | null;
  readonly trace: string | null;
  /** For an update: the state as it was loaded. */
  readonly before: State | undefined;
}
