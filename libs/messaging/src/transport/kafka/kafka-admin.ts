import type { TopicDeclaration } from '@baton/contracts';
import type { Admin } from 'kafkajs';
import type { PartitionState } from '../delivery/lanes.js';
import type { PartitionOffset, TopicPartition } from '../port.js';
import { isRefused } from './kafka-errors.js';
import type { KafkaSettings } from './kafka-options.js';
import { Pulse } from './pulse.js';

/** Room for one record of 1 MiB and more beside its key and headers; Kafka's own default is just below that. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Replicas of a topic that is made here: one a broker, up to so many. */
const MOST_REPLICAS = 3;

/** Topics and offsets. Its connection is made when first needed and again when it broke. */
export class KafkaAdmin {
  #admin: Promise<Admin> | undefined;

  constructor(private readonly settings: KafkaSettings) {}

  /** Rejects while the cluster does not answer. */
  async probe(): Promise<void> {
    await this.#use((admin) => admin.describeCluster());
  }

  /** Makes those topics that do not exist, with partitions and retention as declared. */
  async ensureTopics(topics: readonly TopicDeclaration[]): Promise<void> {
    await this.#use(async (admin) => {
      const existing = new Set(await admin.listTopics());
      const missing = topics.filter(({ name }) => !existing.has(name));
      await this.#sayDifferences(
        admin,
        topics.filter(({ name }) => existing.has(name)),
      );
      if (missing.length === 0) return;
      const { brokers } = await admin.describeCluster();
      await admin.createTopics({
        waitForLeaders: true,
        topics: missing.map(({ name, partitions, retentionMs, writer }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor: Math.min(MOST_REPLICAS, brokers.length),
          configEntries: [
            { name: 'retention.ms', value: String(retentionMs) },
            { name: 'max.message.bytes', value: String(MAX_MESSAGE_BYTES) },
            // Strangers compress as they like, and neither snappy nor lz4 can be read here: the broker keeps all as gzip.
            ...(writer === 'anyone' ? [{ name: 'compression.type', value: 'gzip' }] : []),
          ],
        })),
      });
    });
  }

  /** Beginning, end and committed offset of each of the partitions. */
  async states(group: string, partitions: readonly TopicPartition[]): Promise<readonly PartitionState[]> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    return this.#use(async (admin) => {
      // What offsets are asked by may be minutes old, and know less partitions than there are by now.
      const [ends, committed, present] = await Promise.all([
        Promise.all(topics.map(async (topic) => [topic, await admin.fetchTopicOffsets(topic)] as const)),
        admin.fetchOffsets({ groupId: group, topics }),
        admin.fetchTopicMetadata({ topics }),
      ]);
      const counts = new Map(present.topics.map(({ name, partitions: { length } }) => [name, length]));
      const endsOf = new Map(ends);
      return partitions.map(({ topic, partition }) => {
        const found = endsOf.get(topic)?.find((offset) => offset.partition === partition);
        if (found === undefined) throw new Error(`Kafka does not tell the offsets of ${topic}/${partition}`);
        const stored = committed
          .find((offsets) => offsets.topic === topic)
          ?.partitions.find((offset) => offset.partition === partition)?.offset;
        return {
          topic,
          partition,
          first: BigInt(found.low),
          end: BigInt(found.high),
          committed: stored === undefined || BigInt(stored) < 0n ? undefined : BigInt(stored),
          partitions: counts.get(topic) ?? 0,
        };
      });
    });
  }

  async ends(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    const found = await this.#use((admin) =>
      Promise.all(
        topics.map(async (topic) =>
          (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({
            topic,
            partition,
            offset: BigInt(high),
          })),
        ),
      ),
    );
    return found.flat();
  }

  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.then((connected) => connected.disconnect()).catch(() => {});
  }

  async #sayDifferences(admin: Admin, declared: readonly TopicDeclaration[]): Promise<void> {
    if (declared.length === 0) return;
    const { topics } = await admin.fetchTopicMetadata({ topics: declared.map(({ name }) => name) });
    for (const { name, partitions } of topics) {
      const wanted = declared.find((topic) => topic.name === name)?.partitions;
      if (wanted === undefined || wanted === partitions.length) continue;
      this.settings.logger.warn('topic has another number of partitions than declared; it is used as it is', {
        topic: name,
        declared: wanted,
        present: partitions.length,
      });
    }
  }

  async #use<Result>(work: (admin: Admin) => Promise<Result>): Promise<Result> {
    const connecting = (this.#admin ??= this.#connect());
    try {
      const pulse = new Pulse(this.settings.silenceMs);
      return await pulse.watch('a question about topics or offsets', connecting.then(work));
    } catch (error) {
      // Who has an answer of the cluster, if only a no, has a client that works. Whatever else went wrong may be the
      // client's own, for ever: the next question is asked through a new one.
      if (this.#admin === connecting && !isRefused(error)) void this.close();
      throw error;
    }
  }

  async #connect(): Promise<Admin> {
    const admin = this.settings.client().admin();
    try {
      await admin.connect();
    } catch (error) {
      // Some of its connections may stand.
      void admin.disconnect().catch(() => {});
      throw error;
    }
    return admin;
  }
}
