import type { PartitionState } from '../delivery/lanes.js';
import type { IncomingRecord, PartitionOffset, TopicPartition } from '../port.js';
import { decodeChunk } from './local-chunks.js';
import type { LocalDatabase } from './local-database.js';
import { columns } from './local-membership.js';

/** What was read of one partition. */
export interface Read extends TopicPartition {
  readonly records: readonly IncomingRecord[];
  /** Where to read next. */
  readonly tail: bigint;
}

/** At most so many chunks of a partition in one fetch. */
const MAX_CHUNKS = 200;
/** Further chunks of a partition are left for the next fetch once so many bytes (compressed) are read. */
const MAX_BYTES = 512 * 1024;

/** Reads chunks of all the partitions in one statement. */
export async function fetchChunks(
  database: LocalDatabase,
  wanted: readonly PartitionOffset[],
): Promise<readonly Read[]> {
  const rows = await database.query<{
    topic: string;
    partition: number;
    end_offset: string;
    count: number;
    written_at: string;
    payload: Buffer;
  }>(
    `SELECT w.topic, w.partition, c.end_offset, c.count, c.written_at, c.payload
     FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS w (topic, partition, from_offset)
     CROSS JOIN LATERAL (
       SELECT n.*, sum(octet_length(n.payload)) OVER (ORDER BY n.end_offset) - octet_length(n.payload) AS bytes_before
       FROM (
         SELECT end_offset, count, written_at, payload FROM ${database.schema}.chunks c
         WHERE c.topic = w.topic AND c.partition = w.partition AND c.end_offset > w.from_offset
         ORDER BY c.end_offset LIMIT ${MAX_CHUNKS}
       ) n
     ) c
     WHERE c.bytes_before < ${MAX_BYTES}
     ORDER BY w.topic, w.partition, c.end_offset`,
    [...columns(wanted), wanted.map(({ offset }) => String(offset))],
  );
  return rows.map((row) => {
    const { topic, partition, count } = row;
    const tail = BigInt(row.end_offset);
    const records = decodeChunk(row, tail - BigInt(count), count, Number(row.written_at), row.payload);
    return { topic, partition, records, tail };
  });
}

/** Beginning, end and committed offset of each of the partitions. */
export async function readStates(
  database: LocalDatabase,
  group: string,
  partitions: readonly TopicPartition[],
): Promise<readonly PartitionState[]> {
  const rows = await database.query<{
    topic: string;
    partition: number;
    first: string;
    end: string;
    committed: string | null;
    partitions: number;
  }>(
    `SELECT p.topic, p.partition, p.next_offset AS "end", o.next_offset AS committed, t.partitions,
       coalesce((SELECT c.end_offset - c.count FROM ${database.schema}.chunks c
         WHERE c.topic = p.topic AND c.partition = p.partition ORDER BY c.end_offset LIMIT 1), p.next_offset) AS first
     FROM unnest($2::text[], $3::integer[]) AS w (topic, partition)
     JOIN ${database.schema}.partitions p USING (topic, partition)
     JOIN ${database.schema}.topics t ON t.name = p.topic
     LEFT JOIN ${database.schema}.group_offsets o ON o.group_id = $1 AND o.topic = p.topic AND o.partition = p.partition`,
    [group, ...columns(partitions)],
  );
  return rows.map(({ topic, partition, first, end, committed, partitions }) => ({
    topic,
    partition,
    first: BigInt(first),
    end: BigInt(end),
    committed: committed === null ? undefined : BigInt(committed),
    partitions,
  }));
}
