import { type Neighbour, written, type WrittenRun } from '../delivery/hand-over.js';
import type { Outage } from '../delivery/outage.js';
import { partitionName } from '../delivery/partition-name.js';
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
    /** Who in this process may read what is written. */
    private readonly neighbours: ReadonlySet<Neighbour>,
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
      const chunks = [...byPartition].map(([name, chunk]) => ({
        topic: name.slice(name.indexOf('/') + 1),
        partition: Number.parseInt(name, 10),
        records: chunk,
      }));
      const places = await writeChunks(this.database, chunks);
      this.outage.works('publish');
      this.#handOver(chunks, places);
    } catch (error) {
      if (!isRefused(error)) this.outage.failed('publish', error);
      throw error;
    }
  }

  #handOver(chunks: readonly Chunk<OutgoingRecord>[], places: ReadonlyMap<string, Place>): void {
    for (const chunk of chunks) {
      const place = places.get(partitionName(chunk));
      if (place === undefined) continue;
      const records = written({ ...chunk, ...place });
      for (const neighbour of this.neighbours) neighbour.offer(records);
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

/** What is written to one partition. */
interface Chunk<Written extends ChunkRecord> extends TopicPartition {
  readonly records: readonly Written[];
}

/** Where a chunk was written. */
type Place = Pick<WrittenRun, 'base' | 'writtenAt'>;

/**
 * Writes one chunk for each of the partitions, in one transaction, durable when it resolves.
 * @returns where each was written, by its partition's key
 */
export async function writeChunks(
  database: LocalDatabase,
  chunks: readonly Chunk<ChunkRecord>[],
): Promise<ReadonlyMap<string, Place>> {
  const payloads = chunks.map(({ records }) => encodeChunk(records));
  const counts = new Map(chunks.map((chunk) => [partitionName(chunk), BigInt(chunk.records.length)]));
  const rows = await database.write<{ w_topic: string; w_partition: number; w_end: string; w_at: string }>(
    `SELECT * FROM ${database.schema}.publish_as($1, $2, $3, $4, $5, $6)`,
    [
      database.writer,
      ...columns(chunks),
      chunks.map(({ records }) => records.length),
      payloads.map((payload) => payload.length),
      Buffer.concat(payloads),
    ],
  );
  return new Map(
    rows.map(({ w_topic: topic, w_partition: partition, w_end: end, w_at: at }) => {
      const key = partitionName({ topic, partition });
      return [key, { base: BigInt(end) - (counts.get(key) ?? 0n), writtenAt: Number(at) }];
    }),
  );
}
