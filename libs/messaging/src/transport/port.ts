import type { TopicDeclaration } from '@baton/contracts';

/** Header names are lower case; values are text. */
export type Headers = Readonly<Record<string, string>>;

/** One record as it is written. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly key: string;
  readonly headers: Headers;
  /** The body's bytes, JSON in UTF-8. */
  readonly value: Buffer;
}

/** One record as it is read. What a stranger wrote can lack key and value. */
export interface IncomingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** When it was written, milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: string | undefined;
  readonly headers: Headers;
  readonly value: Buffer | undefined;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface PartitionOffset extends TopicPartition {
  /** The next offset to read. */
  readonly offset: bigint;
}

/** What a consumer tells the code that uses it, and asks of it. */
export interface Subscription {
  /** Consumer group: its members share the partitions of its topics. */
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Called when partitions were assigned, before anything of them is delivered, with each partition's end offset at
   * that moment. Answers where to begin: an offset, or nothing for a partition whose committed offset (else its
   * beginning) is right.
   */
  onAssigned(ends: readonly PartitionOffset[]): Promise<readonly PartitionOffset[]>;
  /** Called when partitions were taken away. Nothing more of them is delivered until they are assigned again. */
  onRevoked(partitions: readonly TopicPartition[]): void;
  /**
   * Records of one partition, ascending and without a gap that the broker did not make. Called for several partitions
   * without waiting in between; for one partition only after the promise of its call before has settled. It resolves as
   * soon as more may be delivered (that is flow control, not a commit); a rejection means that delivery of the
   * partition resumes at the first of these records after a pause.
   */
  onRecords(records: readonly IncomingRecord[]): Promise<void>;
}

/** A running member of a consumer group. */
export interface Consumer {
  /** Stores offsets in the transport, for its own tools and for members that have no positions of their own. */
  commit(offsets: readonly PartitionOffset[]): Promise<void>;
  /** Delivers a partition again from this offset on; what was in flight is forgotten. */
  seek(offset: PartitionOffset): void;
  /** How many records wait beyond the given next offsets, by partition (for metrics; asks the transport). */
  lag(): Promise<readonly (PartitionOffset & { readonly lag: bigint })[]>;
  /** False once it has stopped for good without being told to, so that health checks tell the truth. */
  readonly healthy: boolean;
  /** Leaves the group after the calls of `onRecords` under way have settled. */
  stop(): Promise<void>;
}

/**
 * Topics, partitions and consumer groups, as the pipeline needs them; one adapter for Kafka, one for Postgres, both
 * under one contract test suite. Delivery is at least once; records with one key stay in one partition, in the order
 * in which they were published, and every adapter uses the same partitioner (murmur2, as Kafka's own clients).
 */
export interface Transport {
  /** Makes the topics that do not exist; never changes one that does. */
  ensureTopics(topics: readonly TopicDeclaration[]): Promise<void>;
  /** Writes all records durably in one request, in order per key. Rejects if any may not have been written. */
  publish(records: readonly OutgoingRecord[]): Promise<void>;
  subscribe(subscription: Subscription): Promise<Consumer>;
  /** Closes connections. Consumers are stopped before. */
  close(): Promise<void>;
}
