import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer as KafkaJsConsumer, EachBatchPayload } from 'kafkajs';
import type { PartitionOffset, TopicPartition } from '../port.js';
import { coPartitionedAssigner } from './kafka-assigner.js';
import { noAnswer } from './kafka-errors.js';
import type { KafkaSettings } from './kafka-options.js';

export interface SessionHandlers {
  /** The group was joined. Called before anything is fetched; what is paused in the call is not fetched. */
  joined(partitions: readonly TopicPartition[]): void;
  /** The membership ended, for a rebalance or for good. */
  left(): void;
  batch(payload: EachBatchPayload): void;
}

/** How long `stop` waits for a join under way; a join that a dead member holds up can take a session timeout. */
const JOIN_PATIENCE_MS = 5_000;
/** How long leaving the group may take; a broker that is away never answers it. */
const DISCONNECT_PATIENCE_MS = 5_000;
/** Workers cost nothing while idle; fewer than partitions would make some wait for others. */
const CONCURRENT_PARTITIONS = 1_024;

/** How often it is looked whether the session shows a sign of life. */
const LOOK_MS = 5_000;

/**
 * One kafkajs consumer from connecting to its crash or its stop. kafkajs' own restarts are off: after a stop during a
 * restart it would go on consuming, and it restarts only after some of its errors.
 *
 * Disconnecting a consumer does not end what it has under way: a join that was waiting for its answer, or waits for its
 * next try, goes on, and makes a member that nobody reads from but that holds partitions. So a session that has ended
 * is deaf, and is disconnected again whenever it shows that it goes on.
 */
export class KafkaSession {
  readonly #consumer: KafkaJsConsumer;
  readonly #stop = Promise.withResolvers<void>();
  readonly #silenceMs: number;
  #joined = false;
  #ended = false;
  #sign = Date.now();
  #disconnecting: Promise<void> | undefined;

  constructor(
    private readonly group: string,
    private readonly topics: readonly string[],
    settings: KafkaSettings,
    private readonly handlers: SessionHandlers,
  ) {
    this.#silenceMs = settings.silenceMs;
    this.#consumer = settings.client().consumer({
      groupId: group,
      partitionAssigners: [coPartitionedAssigner],
      allowAutoTopicCreation: false,
      sessionTimeout: settings.sessionTimeoutMs,
      heartbeatInterval: settings.heartbeatMs,
      rebalanceTimeout: settings.rebalanceTimeoutMs,
      metadataMaxAge: 60_000,
      // With one byte as the least, the broker answers as soon as there is a record.
      minBytes: 1,
      maxWaitTimeInMs: settings.fetchWaitMs,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5, restartOnFailure: async () => false },
    });
  }

  /** Whether the group has been joined at least once. */
  get hasJoined(): boolean {
    return this.#joined;
  }

  /** Resolves when the session is over and disconnected: with the error that ended it, or nothing after `stop`. */
  async run(): Promise<unknown> {
    const { GROUP_JOIN, REBALANCING, CRASH, REQUEST_TIMEOUT, FETCH, FETCH_START } = this.#consumer.events;
    const crash = Promise.withResolvers<unknown>();
    this.#consumer.on(CRASH, ({ payload }) => crash.resolve(payload.error));
    // kafkajs would ask six times over the same dead connection, each time for as long.
    this.#consumer.on(REQUEST_TIMEOUT, ({ payload }) => crash.resolve(noAnswer(payload.apiName)));
    this.#consumer.on(REBALANCING, () => {
      if (!this.#ended) this.handlers.left();
    });
    this.#consumer.on(FETCH_START, () => {
      if (this.#ended) void this.#disconnect();
    });
    this.#consumer.on(FETCH, () => this.#lives());
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      if (this.#ended) return;
      this.#lives();
      this.#joined = true;
      this.handlers.joined(
        Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
          partitions.map((partition) => ({ topic, partition })),
        ),
      );
    });
    this.#lives();
    // Whatever kafkajs waits for: a session of which nothing is heard for so long is worth less than a new one.
    const look = setInterval(() => {
      if (Date.now() - this.#sign > this.#silenceMs) crash.resolve(noAnswer(`group ${this.group}`));
    }, LOOK_MS).unref();
    try {
      const start = this.#start();
      start.catch(() => {});
      await Promise.race([
        start,
        crash.promise,
        this.#stop.promise.then(() => sleep(JOIN_PATIENCE_MS, undefined, { ref: false })),
      ]);
      return await Promise.race([crash.promise, this.#stop.promise]);
    } catch (error) {
      return error;
    } finally {
      clearInterval(look);
      this.#ended = true;
      await Promise.race([this.#disconnect(), sleep(DISCONNECT_PATIENCE_MS, undefined, { ref: false })]);
    }
  }

  /** Leaves the group; `run` resolves after it. */
  stop(): void {
    this.#stop.resolve();
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#consumer.pause(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] })));
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#consumer.resume(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] })));
  }

  seek({ topic, partition, offset }: PartitionOffset): void {
    this.#consumer.seek({ topic, partition, offset: String(offset) });
  }

  commit(offsets: readonly PartitionOffset[]): Promise<void> {
    return this.#consumer.commitOffsets(
      offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })),
    );
  }

  #lives(): void {
    this.#sign = Date.now();
  }

  /** One at a time: each waits for what is under way. */
  #disconnect(): Promise<void> {
    this.#disconnecting ??= this.#consumer
      .disconnect()
      .catch(() => {})
      .finally(() => {
        this.#disconnecting = undefined;
      });
    return this.#disconnecting;
  }

  async #start(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...this.topics], fromBeginning: true });
    if (this.#ended) return;
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      eachBatch: async (payload) => {
        if (!this.#ended) this.handlers.batch(payload);
      },
    });
  }
}
