import type { TopicDeclaration } from '@baton/contracts';
import { patiently } from '../delivery/backoff.js';
import { Outage } from '../delivery/outage.js';
import type { Consumer, OutgoingRecord, Subscription, Transport } from '../port.js';
import { useCodecs } from './codecs.js';
import { KafkaAdmin } from './kafka-admin.js';
import { KafkaConsumer } from './kafka-consumer.js';
import { isAway, isPermanent } from './kafka-errors.js';
import { type KafkaOptions, type KafkaSettings, settingsOf } from './kafka-options.js';
import { KafkaProducer } from './kafka-producer.js';

/** The transport on a Kafka cluster (2.4 or newer). */
export class KafkaTransport implements Transport {
  readonly #admin: KafkaAdmin;
  readonly #producer: KafkaProducer;
  readonly #consumers = new Set<KafkaConsumer>();
  readonly #outage: Outage;
  readonly #closing = new AbortController();

  private constructor(
    private readonly settings: KafkaSettings,
    brokers: readonly string[],
  ) {
    this.#outage = new Outage(`Kafka at ${brokers.join(', ')}`, settings.logger, isAway);
    this.#admin = new KafkaAdmin(settings);
    this.#producer = new KafkaProducer(settings, this.#outage, this.#consumers);
  }

  /**
   * Waits until the cluster answers, for as long as that takes or until `signal` is aborted.
   * @throws at once if waiting cannot help, such as a refused password
   */
  static async connect(options: KafkaOptions): Promise<KafkaTransport> {
    useCodecs();
    const transport = new KafkaTransport(settingsOf(options), options.brokers);
    try {
      await transport.#patiently('connect', () => transport.#admin.probe(), options.signal);
    } catch (error) {
      await transport.close();
      throw error;
    }
    return transport;
  }

  ensureTopics(topics: readonly TopicDeclaration[], signal?: AbortSignal): Promise<void> {
    return this.#patiently('topics', () => this.#admin.ensureTopics(topics), signal);
  }

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    return this.#producer.publish(records);
  }

  async subscribe(subscription: Subscription): Promise<Consumer> {
    const consumer = new KafkaConsumer(subscription, this.settings, this.#admin, this.#outage);
    this.#consumers.add(consumer);
    return consumer;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await Promise.all([this.#producer.close(), this.#admin.close()]);
  }

  async #patiently(part: string, work: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    await patiently(work, {
      giveUp: isPermanent,
      onFailure: (error) => this.#outage.failed(part, error),
      signal: signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]),
    });
    this.#outage.works(part);
  }
}
