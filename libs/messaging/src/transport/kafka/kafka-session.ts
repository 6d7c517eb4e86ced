import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer as KafkaJsConsumer, ConsumerRunConfig, EachBatchPayload } from 'kafkajs';
import type { PartitionOffset, Reading, TopicPartition } from '../port.js';
import { coPartitionedAssigner } from './kafka-assigner.js';
import { noAnswer } from './kafka-errors.js';
import type { KafkaSettings } from './kafka-options.js';
import { Pulse } from './pulse.js';

/** One fetch from a broker. */
export interface Fetch {
  /** How long the broker may wait for records, milliseconds; as long as is usual when absent. */
  readonly waitMs?: number;
  /** Topics that are left out. Where nothing is left, nothing is fetched for `waitMs`. */
  readonly without?: ReadonlySet<string>;
}

export interface SessionHandlers {
  /** The group was joined. Called before anything is fetched; what is paused in the call is not fetched. */
  joined(partitions: readonly TopicPartition[]): void;
  /** The membership ended, for a rebalance or for good. */
  left(): void;
  /** Resolves when the next fetch from a broker may begin. */
  beforeFetch(broker: string): Promise<Fetch>;
  batch(payload: EachBatchPayload): void;
  /** From an offset to another one, excluded, nothing was read that is to be delivered. */
  passed(begin: PartitionOffset, end: bigint): void;
  /** The cluster answered, if only that there is nothing new. */
  heard(): void;
}

/**
 * How long the broker keeps a fetch open that finds nothing. Records are answered at once; this bounds how long a
 * partition that was full waits for its next fetch, and how long `stop` takes.
 */
const FETCH_WAIT_MS = 500;
/** How long `stop` waits for a join under way; a join that a dead member holds up can take a session timeout. */
const JOIN_PATIENCE_MS = 5_000;
/** How long leaving the group may take; a broker that is away never answers it. */
const DISCONNECT_PATIENCE_MS = 5_000;
/** Workers cost nothing while idle; fewer than partitions would make some wait for others. */
const CONCURRENT_PARTITIONS = 1_024;
/** So much is worth a delivery, however patient its reader is. */
const GATHERED_BYTES = 64 * 1024;

/** What kafkajs says to whom it has no group for. */
const NOT_RUNNING = /was not initialized/;

/** With what the patched kafkajs knows beside. */
type RunConfig = ConsumerRunConfig & Pick<SessionHandlers, 'beforeFetch'>;

/**
 * One kafkajs consumer from connecting to its crash or its stop. kafkajs' own restarts are off: after a stop during a
 * restart it would go on consuming, and it restarts only after some of its errors.
 *
 * Disconnecting a consumer does not end what it has under way. The patched kafkajs leaves a group that it still joins
 * then; until it has, a session that has ended is deaf.
 */
export class KafkaSession {
  readonly #consumer: KafkaJsConsumer;
  readonly #stop = Promise.withResolvers<void>();
  readonly #pulse: Pulse;
  #joined = false;
  /** False from the end of one membership to the beginning of the next. */
  #member = false;
  #ended = false;

  constructor(
    private readonly reading: Reading,
    settings: KafkaSettings,
    private readonly handlers: SessionHandlers,
  ) {
    const { group, patienceMs = 0 } = reading;
    this.#pulse = new Pulse(settings.silenceMs);
    this.#consumer = settings.client().consumer({
      groupId: group,
      partitionAssigners: [coPartitionedAssigner],
      allowAutoTopicCreation: false,
      sessionTimeout: settings.sessionTimeoutMs,
      heartbeatInterval: settings.heartbeatMs,
      rebalanceTimeout: settings.rebalanceTimeoutMs,
      metadataMaxAge: 60_000,
      // With one byte as the least, the broker answers as soon as there is a record; else it gathers them.
      minBytes: patienceMs > 0 ? GATHERED_BYTES : 1,
      maxWaitTimeInMs: patienceMs > 0 ? Math.min(patienceMs, FETCH_WAIT_MS) : FETCH_WAIT_MS,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5, restartOnFailure: async () => false },
    });
  }

  /** Whether the group has been joined at least once. */
  get hasJoined(): boolean {
    return this.#joined;
  }

  /** Resolves when the session is over and disconnected: with the error that ended it, or nothing after `stop`. */
  async run(): Promise<unknown> {
    const { GROUP_JOIN, REBALANCING, CRASH, REQUEST_TIMEOUT, FETCH, START_BATCH_PROCESS } = this.#consumer.events;
    const crash = Promise.withResolvers<unknown>();
    this.#consumer.on(CRASH, ({ payload }) => crash.resolve(payload.error));
    // kafkajs would ask six times over the same dead connection, each time for as long.
    this.#consumer.on(REQUEST_TIMEOUT, ({ payload }) => crash.resolve(noAnswer(payload.apiName)));
    this.#consumer.on(REBALANCING, () => {
      this.#member = false;
      if (!this.#ended) this.handlers.left();
    });
    this.#consumer.on(FETCH, () => {
      if (this.#ended || !this.#member) return;
      this.#pulse.beat();
      this.handlers.heard();
    });
    // kafkajs hands on no batch without a record, such as one of marks of transactions.
    this.#consumer.on(START_BATCH_PROCESS, ({ payload }) => {
      const { topic, partition, batchSize, firstOffset, lastOffset } = payload;
      if (this.#ended || batchSize > 0) return;
      this.handlers.passed({ topic, partition, offset: BigInt(firstOffset ?? lastOffset) }, BigInt(lastOffset) + 1n);
    });
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      if (this.#ended) return;
      this.#pulse.beat();
      this.#joined = true;
      this.#member = true;
      this.handlers.joined(
        Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
          partitions.map((partition) => ({ topic, partition })),
        ),
      );
    });
    try {
      const start = this.#start();
      start.catch(() => {});
      const begun = Promise.race([
        start,
        crash.promise,
        this.#stop.promise.then(() => sleep(JOIN_PATIENCE_MS, undefined, { ref: false })),
      ]);
      await this.#pulse.watch(`group ${this.reading.group}`, begun);
      return await this.#pulse.watch(`group ${this.reading.group}`, Promise.race([crash.promise, this.#stop.promise]));
    } catch (error) {
      return error;
    } finally {
      this.#ended = true;
      this.handlers.left();
      await Promise.race([
        this.#consumer.disconnect().catch(() => {}),
        sleep(DISCONNECT_PATIENCE_MS, undefined, { ref: false }),
      ]);
    }
  }

  /** Leaves the group; `run` resolves after it. */
  stop(): void {
    this.#stop.resolve();
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#tell(() =>
      this.#consumer.pause(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }))),
    );
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#tell(() =>
      this.#consumer.resume(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }))),
    );
  }

  seek({ topic, partition, offset }: PartitionOffset): void {
    this.#tell(() => this.#consumer.seek({ topic, partition, offset: String(offset) }));
  }

  commit(offsets: readonly PartitionOffset[]): Promise<void> {
    return this.#consumer.commitOffsets(
      offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })),
    );
  }

  /** kafkajs throws once it has left its group, which it says later; the next session asks for everything anew. */
  #tell(what: () => void): void {
    try {
      what();
    } catch (error) {
      if (!NOT_RUNNING.test(String(error))) throw error;
    }
  }

  async #start(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...this.reading.topics], fromBeginning: true });
    if (this.#ended) return;
    const config: RunConfig = {
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      beforeFetch: async (broker) => (this.#ended ? {} : this.handlers.beforeFetch(broker)),
      eachBatch: async (payload) => {
        if (!this.#ended) this.handlers.batch(payload);
      },
    };
    await this.#consumer.run(config);
  }
}
