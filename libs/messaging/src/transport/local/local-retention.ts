import type { LocalDatabase } from './local-database.js';

/** So many chunks of a partition in one statement, so that no transaction grows long. */
const PER_PARTITION = 200;

/**
 * Removes chunks that are older than their topic's retention, oldest first.
 * @returns how many were removed; more may be left while it is not 0
 */
export async function removeExpired(database: LocalDatabase): Promise<number> {
  const { schema } = database;
  const rows = await database.query(
    `DELETE FROM ${schema}.chunks gone USING (
       SELECT c.topic, c.partition, c.end_offset
       FROM ${schema}.partitions p
       JOIN ${schema}.topics t ON t.name = p.topic
       CROSS JOIN LATERAL (
         SELECT * FROM ${schema}.chunks n WHERE n.topic = p.topic AND n.partition = p.partition
         ORDER BY n.end_offset LIMIT ${PER_PARTITION}
       ) c
       WHERE c.written_at < (extract(epoch FROM clock_timestamp()) * 1000)::bigint - t.retention_ms
     ) old
     WHERE gone.topic = old.topic AND gone.partition = old.partition AND gone.end_offset = old.end_offset
     RETURNING 1`,
  );
  return rows.length;
}
