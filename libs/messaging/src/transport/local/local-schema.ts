import type { Client } from 'pg';
import { NewerSchema } from './local-errors.js';

/** Any number that no other user of the database takes: two processes that start at once take turns. */
const LOCK = 7_261_094_113;

/**
 * The schema's steps, in order; its version is how many have run. A step is never changed once it was released.
 *
 * - `partitions` holds the next offset of each partition. Who publishes locks its rows in order of (topic, partition),
 *   so that two never wait for each other, and keeps them to the commit, so that offsets become visible in order.
 * - `chunks` holds one row for the records that one publish wrote to one partition. Named by the end, because a reader
 *   asks for chunks that end beyond its offset. Payloads are compressed already, hence EXTERNAL.
 * - `claims` says which member of a group holds a partition; they vanish with the member.
 */
const steps: readonly ((schema: string) => string)[] = [
  (s) => `
    CREATE TABLE ${s}.topics (
      name text PRIMARY KEY,
      partitions integer NOT NULL CHECK (partitions > 0),
      retention_ms bigint NOT NULL
    );
    CREATE TABLE ${s}.partitions (
      topic text NOT NULL REFERENCES ${s}.topics (name) ON DELETE CASCADE,
      partition integer NOT NULL,
      next_offset bigint NOT NULL DEFAULT 0,
      PRIMARY KEY (topic, partition)
    ) WITH (fillfactor = 50);
    CREATE TABLE ${s}.chunks (
      topic text NOT NULL,
      partition integer NOT NULL,
      end_offset bigint NOT NULL,
      count integer NOT NULL,
      written_at bigint NOT NULL,
      payload bytea NOT NULL,
      PRIMARY KEY (topic, partition, end_offset)
    );
    ALTER TABLE ${s}.chunks ALTER COLUMN payload SET STORAGE EXTERNAL;
    CREATE TABLE ${s}.group_offsets (
      group_id text NOT NULL,
      topic text NOT NULL,
      partition integer NOT NULL,
      next_offset bigint NOT NULL,
      PRIMARY KEY (group_id, topic, partition)
    ) WITH (fillfactor = 50);
    CREATE TABLE ${s}.members (
      group_id text NOT NULL,
      member_id text NOT NULL,
      topics text[] NOT NULL,
      expires_at timestamptz NOT NULL,
      PRIMARY KEY (group_id, member_id)
    );
    CREATE TABLE ${s}.claims (
      group_id text NOT NULL,
      topic text NOT NULL,
      partition integer NOT NULL,
      member_id text NOT NULL,
      PRIMARY KEY (group_id, topic, partition),
      FOREIGN KEY (group_id, member_id) REFERENCES ${s}.members (group_id, member_id) ON DELETE CASCADE
    );
    CREATE INDEX claims_member ON ${s}.claims (group_id, member_id);

    -- One chunk for each of the partitions; payloads come one after another in one value.
    CREATE FUNCTION ${s}.publish(p_topics text[], p_partitions integer[], p_counts integer[], p_sizes integer[], p_bytes bytea)
    RETURNS void LANGUAGE plpgsql AS $publish$
    DECLARE written integer;
    BEGIN
      PERFORM 1 FROM ${s}.partitions p
        JOIN unnest(p_topics, p_partitions) AS w (topic, partition) USING (topic, partition)
        ORDER BY p.topic, p.partition FOR UPDATE OF p;
      WITH wanted AS (
        SELECT w.topic, w.partition, w.count,
          substring(p_bytes FROM (sum(w.size) OVER (ORDER BY w.n) - w.size)::integer + 1 FOR w.size) AS payload
        FROM unnest(p_topics, p_partitions, p_counts, p_sizes) WITH ORDINALITY AS w (topic, partition, count, size, n)
      ), moved AS (
        UPDATE ${s}.partitions p SET next_offset = p.next_offset + w.count
        FROM wanted w WHERE p.topic = w.topic AND p.partition = w.partition
        RETURNING p.topic, p.partition, p.next_offset, w.count, w.payload
      )
      INSERT INTO ${s}.chunks (topic, partition, end_offset, count, written_at, payload)
        SELECT topic, partition, next_offset, count,
          (extract(epoch FROM clock_timestamp()) * 1000)::bigint, payload FROM moved;
      GET DIAGNOSTICS written = ROW_COUNT;
      IF written <> cardinality(p_topics) THEN
        RAISE EXCEPTION 'a topic or partition does not exist' USING ERRCODE = '22023';
      END IF;
      PERFORM pg_notify('${s}_wake', 't,' || (SELECT string_agg(DISTINCT t, ',') FROM unnest(p_topics) t));
    END $publish$;
  `,
];

/**
 * Publishes, and tells where: one chunk for each of the partitions, whose payloads come one after another in one value.
 * Made anew at each start, since it holds nothing. Releases before it use `publish`, which stays for them.
 */
const publishFunction = (s: string): string => `
  CREATE OR REPLACE FUNCTION ${s}.publish_as(
    p_writer text, p_topics text[], p_partitions integer[], p_counts integer[], p_sizes integer[], p_bytes bytea
  ) RETURNS TABLE (w_topic text, w_partition integer, w_end bigint, w_at bigint) LANGUAGE plpgsql AS $publish$
  DECLARE made integer;
  BEGIN
    PERFORM 1 FROM ${s}.partitions p
      JOIN unnest(p_topics, p_partitions) AS w (topic, partition) USING (topic, partition)
      ORDER BY p.topic, p.partition FOR UPDATE OF p;
    RETURN QUERY WITH wanted AS (
      SELECT w.topic, w.partition, w.count,
        substring(p_bytes FROM (sum(w.size) OVER (ORDER BY w.n) - w.size)::integer + 1 FOR w.size) AS payload
      FROM unnest(p_topics, p_partitions, p_counts, p_sizes) WITH ORDINALITY AS w (topic, partition, count, size, n)
    ), moved AS (
      UPDATE ${s}.partitions p SET next_offset = p.next_offset + w.count
      FROM wanted w WHERE p.topic = w.topic AND p.partition = w.partition
      RETURNING p.topic, p.partition, p.next_offset, w.count, w.payload
    )
    INSERT INTO ${s}.chunks (topic, partition, end_offset, count, written_at, payload)
      SELECT topic, partition, next_offset, count,
        (extract(epoch FROM clock_timestamp()) * 1000)::bigint, payload FROM moved
      RETURNING topic, partition, end_offset, written_at;
    GET DIAGNOSTICS made = ROW_COUNT;
    IF made <> cardinality(p_topics) THEN
      RAISE EXCEPTION 'a topic or partition does not exist' USING ERRCODE = '22023';
    END IF;
    PERFORM pg_notify(
      '${s}_wake', 'w,' || p_writer || ',' || (SELECT string_agg(DISTINCT t, ',') FROM unnest(p_topics) t)
    );
  END $publish$;
`;

/**
 * Makes the schema or brings it up to date, in one transaction; safe to run from many processes at once.
 * @throws if a newer version of this library has changed the schema already
 */
export async function prepareSchema(client: Client, schema: string): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await client.query(`CREATE TABLE IF NOT EXISTS ${schema}.version (version integer NOT NULL)`);
    const { rows } = await client.query<{ version: number }>(`SELECT version FROM ${schema}.version`);
    const version = rows[0]?.version ?? 0;
    if (version > steps.length) {
      throw new NewerSchema(schema, version, steps.length);
    }
    for (const step of steps.slice(version)) await client.query(step(schema));
    await client.query(publishFunction(schema));
    if (rows.length === 0) await client.query(`INSERT INTO ${schema}.version VALUES ($1)`, [steps.length]);
    else if (version < steps.length) await client.query(`UPDATE ${schema}.version SET version = $1`, [steps.length]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
