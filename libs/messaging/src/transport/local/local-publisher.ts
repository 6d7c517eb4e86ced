import type { Outage } from '../delivery/outage.js';
import { partitionOf } from '../delivery/partitioner.js';
import { PublishQueue } from '../delivery/publish-queue.js';
import type { OutgoingRecord, TopicPartition } from '../port.js';
import { type ChunkRecord, encodeChunk } from './local-chunks.js';
import type { LocalDatabase } from './local-database.js';
import { isRefused, UnknownTopic } from './local-errors.js';
import { columns } from './local-membership.js';

/** Writes records: one transaction a request, one row a partition. */
export class LocalPublisher {
  readonly #queue = new PublishQueue((records) => this.#write(records), isRefused);
  #partitions: ReadonlyMap<string, number> = new Map();

  constructor(
    private readonly database: LocalDatabase,
    private readonly outage: Outage,
    private readonly published: (topics: ReadonlySet<string>) => void,
  ) {}

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    return this.#queue.publish(records);
  }

  close(): Promise<void> {
    return this.#queue.idle();
  }

  async #write(records: readonly OutgoingRecord[]): Promise<void> {
    try {
      const topics = new Set(records.map(({ topic }) => topic));
      await this.#know(topics);
      const byPartition = Map.groupBy(
        records,
        ({ topic, key }) => `${partitionOf(key, this.#partitions.get(topic) ?? 1)}/${topic}`,
      );
      await writeChunks(
        this.database,
        [...byPartition].map(([name, chunk]) => ({
          topic: name.slice(name.indexOf('/') + 1),
          partition: Number.parseInt(name, 10),
          records: chunk,
        })),
      );
      this.outage.works('publish');
      this.published(topics);
    } catch (error) {
      if (!isRefused(error)) this.outage.failed('publish', error);
      throw error;
    }
  }

  async #know(topics: ReadonlySet<string>): Promise<void> {
    if ([...topics].every((topic) => this.#partitions.has(topic))) return;
    const rows = await this.database.query<{ name: string; partitions: number }>(
      `SELECT name, partitions FROM ${this.database.schema}.topics`,
    );
    this.#partitions = new Map(rows.map(({ name, partitions }) => [name, partitions]));
    for (const topic of topics) if (!this.#partitions.has(topic)) throw new UnknownTopic(topic);
  }
}

/** Writes one chunk for each of the partitions, in one transaction, durable when it resolves. */
export async function writeChunks(
  database: LocalDatabase,
  chunks: readonly (TopicPartition & { readonly records: readonly ChunkRecord[] })[],
): Promise<void> {
  const payloads = chunks.map(({ records }) => encodeChunk(records));
  await database.write(`SELECT ${database.schema}.publish($1, $2, $3, $4, $5)`, [
    ...columns(chunks),
    chunks.map(({ records }) => records.length),
    payloads.map((payload) => payload.length),
    Buffer.concat(payloads),
  ]);
}
