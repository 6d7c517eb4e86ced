import kafkajs, { type Message, type PartitionMetadata, type Producer } from 'kafkajs';
import type { Outage } from '../delivery/outage.js';
import { partitionOf } from '../delivery/partitioner.js';
import { PublishQueue } from '../delivery/publish-queue.js';
import type { OutgoingRecord } from '../port.js';
import { isRefused } from './kafka-errors.js';
import type { KafkaSettings } from './kafka-options.js';
import { requestsOf } from './kafka-records.js';
import { Pulse } from './pulse.js';

const { CompressionTypes } = kafkajs;

/** All members of the project and Kafka's own clients agree on this. */
const partitioner =
  () =>
  ({ partitionMetadata, message }: { partitionMetadata: PartitionMetadata[]; message: Message }): number =>
    partitionOf(String(message.key), partitionMetadata.length);

/**
 * The idempotent producer. kafkajs counts sequence numbers back when a request fails, so that after a lost answer the
 * next, different batch would carry numbers that the broker has seen and would be dropped as a repetition. Hence one
 * request at a time, and a new producer, with an id of its own, after any failure.
 */
export class KafkaProducer {
  readonly #queue = new PublishQueue((records) => this.#write(records), isRefused);
  readonly #pulse: Pulse;
  #producer: Promise<Producer> | undefined;

  constructor(
    private readonly settings: KafkaSettings,
    private readonly outage: Outage,
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
      for (const topicMessages of requestsOf(records)) {
        const sent = producer.sendBatch({
          topicMessages,
          acks: -1,
          compression: this.settings.compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None,
        });
        await this.#pulse.watch('a batch', sent);
      }
    } catch (error) {
      void this.#discard();
      if (!isRefused(error)) this.outage.failed('publish', error);
      throw error;
    }
    this.outage.works('publish');
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
