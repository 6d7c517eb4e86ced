import kafkajs, { type Message, type PartitionMetadata, type Producer } from 'kafkajs';
import type { Outage } from '../delivery/outage.js';
import { partitionName } from '../delivery/partition-name.js';
import { type Neighbour, written, type WrittenRun } from '../delivery/hand-over.js';
import { partitionOf } from '../delivery/partitioner.js';
import { PublishQueue } from '../delivery/publish-queue.js';
import type { OutgoingRecord, TopicPartition } from '../port.js';
import { isRefused } from './kafka-errors.js';
import type { KafkaSettings } from './kafka-options.js';
import { requestsOf, type SentMessage, type SentTopic, writtenRuns } from './kafka-records.js';
import { Pulse } from './pulse.js';

const { CompressionTypes } = kafkajs;

/** All members of the project and Kafka's own clients agree on this. */
const partitioner =
  () =>
  ({ partitionMetadata, message }: { partitionMetadata: PartitionMetadata[]; message: Message }): number => {
    const sent = message as SentMessage;
    const partition = partitionOf(sent.record.key, partitionMetadata.length);
    if (sent.partition !== undefined && sent.partition !== partition) sent.moved = true;
    sent.partition = partition;
    return partition;
  };

/** A member of a group in this process that fetches what is not handed over to it. */
export interface FetchingNeighbour extends Neighbour {
  /** Records of these topics are about to be written. */
  expect(topics: ReadonlySet<string>): void;
  /** A partition ends before where it ended once: its topic was made anew, or has lost its end. */
  lost(partition: TopicPartition): void;
}

/**
 * The idempotent producer. kafkajs counts sequence numbers back when a request fails, so that after a lost answer the
 * next, different batch would carry numbers that the broker has seen and would be dropped as a repetition. Hence one
 * request at a time, and a new producer, with an id of its own, after any failure.
 */
export class KafkaProducer {
  readonly #queue = new PublishQueue((records) => this.#write(records), isRefused);
  readonly #pulse: Pulse;
  #producer: Promise<Producer> | undefined;
  /** The offset after the last record that was written to each partition. */
  readonly #ends = new Map<string, bigint>();

  constructor(
    private readonly settings: KafkaSettings,
    private readonly outage: Outage,
    /** Who in this process may read what is written. */
    private readonly neighbours: ReadonlySet<FetchingNeighbour>,
  ) {
    this.#pulse = new Pulse(settings.silenceMs);
  }

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    return this.#queue.publish(records);
  }

  async close(): Promise<void> {
    await this.#queue.idle();
    await this.#discard();
  }

  async #write(records: readonly OutgoingRecord[]): Promise<void> {
    try {
      this.#producer ??= this.#connect();
      const producer = await this.#pulse.watch('a new producer', this.#producer);
      const now = Date.now();
      for (const request of requestsOf(records, now)) await this.#send(producer, request, now);
    } catch (error) {
      void this.#discard();
      if (!isRefused(error)) this.outage.failed('publish', error);
      throw error;
    }
    this.outage.works('publish');
  }

  async #send(producer: Producer, request: SentTopic[], now: number): Promise<void> {
    const topics = new Set(request.map(({ topic }) => topic));
    for (const neighbour of this.neighbours) neighbour.expect(topics);
    const sent = producer.sendBatch({
      topicMessages: request,
      acks: -1,
      compression: this.settings.compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None,
    });
    const answers = await this.#pulse.watch('a batch', sent);
    for (const run of writtenRuns(request, answers, now)) this.#handOver(run);
  }

  #handOver(run: WrittenRun): void {
    const key = partitionName(run);
    const isLost = run.base < (this.#ends.get(key) ?? run.base);
    this.#ends.set(key, run.base + BigInt(run.records.length));
    const records = written(run);
    for (const neighbour of this.neighbours) {
      if (isLost) neighbour.lost(run);
      else neighbour.offer(records);
    }
  }

  async #connect(): Promise<Producer> {
    const producer = this.settings.client().producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: partitioner,
      metadataMaxAge: 60_000,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 },
    });
    // Each request that is answered, or was waited for in vain, is a sign that it goes on.
    producer.on(producer.events.REQUEST, () => this.#pulse.beat());
    producer.on(producer.events.REQUEST_TIMEOUT, () => this.#pulse.beat());
    try {
      await producer.connect();
    } catch (error) {
      // Some of its connections may stand.
      void producer.disconnect().catch(() => {});
      throw error;
    }
    return producer;
  }

  async #discard(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    // A producer that never connected, or whose connection is gone, has nothing to close.
    await producer?.then((connected) => connected.disconnect()).catch(() => {});
  }
}
