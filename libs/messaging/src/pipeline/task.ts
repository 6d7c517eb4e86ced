import type { StoreTables } from '../state/identity-map.js';
import type { PartitionOffset, TopicPartition } from '../transport/port.js';
import type { SavedEffect } from './effect.js';
import type { RetryPolicy } from './holding.js';
import type { PipelineLog } from './log.js';
import type { OutboxRow } from './outbox.js';
import type { Awaited } from './queue.js';
import type { Reactions } from './reactions.js';
import type { Taken } from './taken.js';

/** What every unit of work of a service uses. */
export interface UnitOfWorkParts {
  readonly service: string;
  /** Name of this process as the owner of effects. */
  readonly owner: string;
  readonly tables: StoreTables;
  readonly reactions: Reactions;
  readonly retry: RetryPolicy;
  readonly log: PipelineLog;
  /** ISO 8601. */
  readonly now: () => string;
}

/**
 * What one unit of work is asked to do. Held messages come first among its inputs, the others in the order in which they
 * came; of one key all that are at hand are here.
 */
export interface Task extends Taken {
  readonly id: string;
  /** Where the consumer believed that it stands in a partition, when the inputs were taken. */
  readonly expected: (partition: TopicPartition) => bigint;
  /** Outbox rows that are published and can go. */
  readonly published: readonly string[];
  /** True if this outbox row need not be looked for: it is published, or queued before this one. */
  readonly isKnown: (outboxId: string) => boolean;
  /** The database refused what the only input's reaction asked for, with this error. */
  readonly condemned?: unknown;
  /** That its key waits is not told: the database may have refused that, with this error. */
  readonly muted?: unknown;
}

/** What a committed unit of work leaves to be done outside of the database. */
export interface Committed {
  /** Outbox rows of others to publish first, so that the order of each key is kept. */
  readonly before: readonly OutboxRow[];
  /** Ids of outbox rows that were looked for: what is not in `before` was published. */
  readonly looked: Iterable<string>;
  readonly outbox: OutboxRow | undefined;
  readonly effects: readonly SavedEffect[];
  /** Where the consumer stands now. */
  readonly positions: readonly PartitionOffset[];
  /** Partitions whose position lies behind what was delivered: the database was restored, begin again there. */
  readonly rewind: readonly PartitionOffset[];
  /** Answers for those who submitted commands. */
  readonly settle: readonly (() => void)[];
  /** Messages that wait no longer for company. */
  readonly awaited: Awaited;
  /** When the next held message of these keys is worth a look, milliseconds from now; undefined if none is. */
  readonly heldSoonMs: number | undefined;
}
