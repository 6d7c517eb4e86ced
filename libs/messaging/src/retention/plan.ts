import type { Store } from '../api/stores.js';

/** A table that rows leave for its archive once they have ended. */
export interface ArchivePlan {
  readonly table: string;
  /** See `Archive`; columns may be named with the alias `t`. */
  readonly ended: string;
  readonly since: string;
  /** A statement for the transaction that drops a partition of the archive; its name takes the place of `%I`. */
  readonly beforeDrop?: string;
}

/** What one service keeps for how long. */
export interface RetentionPlan {
  /** Stores with an archive. */
  readonly stores?: readonly Store[];
  /** Archived tables that are no stores, and what there is to say besides of those that are. */
  readonly tables?: readonly ArchivePlan[];
  /** Tables that are partitioned by the month of a column, written once, and dropped month by month. */
  readonly histories?: readonly string[];
  /** Statement by table that runs before a partition of its archive is dropped; see `ArchivePlan.beforeDrop`. */
  readonly beforeDrop?: Readonly<Record<string, string>>;
}

/** How long everything is kept. */
export interface RetentionSettings {
  /** How long a row that has ended stays in its table, milliseconds. */
  readonly archiveAfterMs: number;
  /** How long archives, histories and answered commands are kept, milliseconds. */
  readonly retentionMs: number;
}
