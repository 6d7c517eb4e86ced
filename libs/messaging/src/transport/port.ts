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
  /** True for what this process has held against its contract; whoever it is handed over to need not do so again. */
  readonly isChecked?: boolean;
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
  /** Why nothing of it can be read, where that is so: its batch was packed in a way that is not known here, or is too large. */
  readonly unreadable?: string | undefined;
  /** How many bytes of memory it takes, where a transport can tell that without reading the headers. */
  readonly bytes?: number | undefined;
  /** The header `ce_type` of an event in binary mode, where a transport can tell it without reading the others. */
  readonly eventType?: string | undefined;
  /**
   * For readers: what was made of the record, so that it is made once. There where one object is delivered to several
   * consumers of a process, which is what `publish` does with what it wrote.
   */
  reading?: unknown;
  /** As the one who wrote it said, if that was this process. */
  readonly isChecked?: boolean | undefined;
}

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A place in a partition. */
export interface PartitionOffset extends TopicPartition {
  /** The next offset to read. */
  readonly offset: bigint;
}

/** A partition as it is when it is assigned. */
export interface AssignedPartition extends TopicPartition {
  /** The first offset that is still there. */
  readonly first: bigint;
  /** The offset that the next record will get. */
  readonly offset: bigint;
  /** How many partitions its topic has. */
  readonly partitions: number;
}

/** What a group reads, and how. */
export interface Reading {
  /** Consumer group: its members share the partitions of its topics. */
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Nobody waits for these records: where that makes fewer deliveries, each may come so much later, milliseconds. Default
   * 0: at once.
   */
  readonly patienceMs?: number | undefined;
}

/** What a consumer tells the code that uses it, and asks of it. */
export interface Subscription extends Reading {
  /**
   * Called when partitions were assigned, before anything of them is delivered, with each partition's first and end
   * offset and the number of its topic's partitions at that moment. Answers where to begin: an offset, or nothing for a
   * partition whose committed offset (else its beginning) is right. An offset that the transport does not have (past its
   * retention, or beyond the end because the topic was made anew) becomes the beginning of what there is.
   *
   * A rejection: asked again after a pause, with the ends as they are then. `onRevoked` may come while it is under way;
   * then its answer counts no more, and it is called anew with the next assignment. Partitions may come in several calls;
   * it is not called for none.
   */
  onAssigned(ends: readonly AssignedPartition[]): Promise<readonly PartitionOffset[]>;
  /**
   * Called when partitions are taken away, also those whose `onAssigned` is under way: in a rebalance (on Kafka all of them, even those
   * that come back at once), when this member was taken for dead, when the server is away, or (on Kafka) when what was to
   * be read next is not there, because the topic was made anew. Nothing more of them is delivered until they are assigned
   * again; a call of `onRecords` under way may still settle, and the next one of that partition waits for it. Not called
   * by `stop`.
   */
  onRevoked(partitions: readonly TopicPartition[]): void;
  /**
   * Records of one partition, ascending and without a gap that the broker did not make. Called for several partitions
   * without waiting in between; for one partition only after the promise of its call before has settled. It resolves as
   * soon as more may be delivered (that is flow control, not a commit); a rejection means that delivery of the
   * partition resumes at the first of these records after a pause, perhaps with more behind them. However long it
   * takes, the membership stays alive and other partitions go on.
   */
  onRecords(records: readonly IncomingRecord[]): Promise<void>;
  /**
   * All below this offset was delivered and settled, or is nothing to deliver: on Kafka the marks that a writer's
   * transactions leave, and what they took back. Called only where a partition reaches further than its last record did.
   */
  onPassed?(reached: PartitionOffset): void;
}

/** A running member of a consumer group. */
export interface Consumer {
  /**
   * Stores offsets in the transport, for its own tools and for members that have no positions of their own. Offsets of
   * partitions that this member does not hold are left out, so it does nothing after `stop`.
   */
  commit(offsets: readonly PartitionOffset[]): Promise<void>;
  /**
   * Delivers a partition again from this offset on; what was in flight is forgotten. Nothing happens if this member does
   * not hold the partition.
   */
  seek(offset: PartitionOffset): void;
  /**
   * For each partition held, the first offset that `onRecords` has not settled, and how many records wait from there on
   * (for metrics; asks the transport).
   */
  lag(): Promise<readonly (PartitionOffset & { readonly lag: bigint })[]>;
  /**
   * False while it does not work for a reason that waiting does not cure (a refused password, a missing permission), so
   * that health checks tell the truth; it goes on trying. A server that is away is no such reason for a minute: who has
   * heard nothing for longer, not even that there is nothing, is not at work, for whatever reason.
   */
  readonly healthy: boolean;
  /** Delivers nothing more, and leaves the group after the calls of `onRecords` under way have settled. */
  stop(): Promise<void>;
}

/**
 * Topics, partitions and consumer groups, as the pipeline needs them; one adapter for Kafka, one for Postgres, both
 * under one contract test suite. Delivery is at least once; records with one key stay in one partition, in the order
 * in which they were published, and every adapter uses the same partitioner (murmur2, as Kafka's own clients).
 */
export interface Transport {
  /**
   * Makes the topics that do not exist; never changes one that does. Waits for a server that is away.
   * @param signal ends the waiting, with the last error
   */
  ensureTopics(topics: readonly TopicDeclaration[], signal?: AbortSignal): Promise<void>;
  /**
   * Writes all records durably in one request (more only where the transport's size limits want it), in order per key.
   * Calls are written in the order in which they were made, also when not awaited; those that wait are merged. Rejects
   * if any may not have been written, within seconds when the server is away; the caller tries again.
   *
   * Once written, they are handed over to those consumers of this transport that hold their partitions and have read all
   * before them: these need not fetch them.
   */
  publish(records: readonly OutgoingRecord[]): Promise<void>;
  /**
   * Joins the group, now or as soon as the server answers and the topics exist. Members of a group that read the same
   * topics hold the same partition numbers of each, so that all events of one order meet in one process.
   */
  subscribe(subscription: Subscription): Promise<Consumer>;
  /** Stops the consumers that still run, writes what waits, and closes connections. */
  close(): Promise<void>;
}
