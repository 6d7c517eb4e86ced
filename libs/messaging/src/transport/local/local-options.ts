import type { LaneLimits } from '../delivery/lane.js';
import type { TransportLogger } from '../delivery/logger.js';

/** Where the local transport keeps its topics, and how patient its consumers are. */
export interface LocalOptions {
  /** A Postgres database, as a connection URL. It may hold other schemas too. */
  readonly url: string;
  /** The schema that holds topics, chunks and groups; made if missing. Default `transport`. */
  readonly schema?: string;
  readonly logger?: TransportLogger;
  /** A member of which nothing is heard for this long is out of its group, milliseconds. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  /** Pause between heartbeats, milliseconds. Default 1,000. */
  readonly heartbeatMs?: number;
  /**
   * A consumer that has read nothing for this long, not even that there is nothing new, does not count as healthy,
   * milliseconds. Default 60,000.
   */
  readonly stuckAfterMs?: number;
  /** Pause between two removals of what is past its topic's retention, milliseconds. Default 60,000. */
  readonly retentionEveryMs?: number;
  readonly limits?: Partial<LaneLimits>;
  /** Ends the waiting for a database that is not there yet. */
  readonly signal?: AbortSignal;
}
