import { randomUUID } from 'node:crypto';
import { assignPartitions } from '../delivery/assignment.js';
import { partitionName } from '../delivery/partition-name.js';
import type { TopicPartition } from '../port.js';
import type { LocalDatabase } from './local-database.js';

/** What a member should do after it looked at its group. */
export interface GroupView {
  /** This member was taken for dead: whatever it held may be somebody else's. */
  readonly expelled: boolean;
  /** What the group's table says that it holds, and should. */
  readonly keep: readonly TopicPartition[];
  readonly release: readonly TopicPartition[];
  readonly claim: readonly TopicPartition[];
}

/**
 * A lease in the group's table. Every member works out by itself who should hold what, gives up what it should not
 * hold, and claims what is free; a claim is one row that one member can hold, so that no partition has two.
 */
export class LocalMembership {
  readonly #id = randomUUID();
  #joined = false;

  constructor(
    private readonly database: LocalDatabase,
    readonly group: string,
    private readonly topics: readonly string[],
    private readonly leaseMs: number,
  ) {}

  get id(): string {
    return this.#id;
  }

  /** Renews the lease and ends those of others that ran out. */
  async look(): Promise<GroupView & { readonly changed: boolean }> {
    const { schema } = this.database;
    const beats = await this.database.query(
      `UPDATE ${schema}.members SET expires_at = clock_timestamp() + $3 * interval '1 ms'
       WHERE group_id = $1 AND member_id = $2 RETURNING 1`,
      [this.group, this.#id, this.leaseMs],
    );
    const expelled = this.#joined && beats.length === 0;
    if (beats.length === 0) {
      await this.database.query(
        `INSERT INTO ${schema}.members (group_id, member_id, topics, expires_at)
         VALUES ($1, $2, $3, clock_timestamp() + $4 * interval '1 ms')`,
        [this.group, this.#id, this.topics, this.leaseMs],
      );
      this.#joined = true;
    }
    const dead = await this.database.query(
      `DELETE FROM ${schema}.members WHERE group_id = $1 AND expires_at < clock_timestamp() RETURNING 1`,
      [this.group],
    );
    const [row] = await this.database.query<{
      members: readonly { readonly id: string; readonly topics: readonly string[] }[];
      partitions: readonly (readonly [string, number])[] | null;
      held: readonly TopicPartition[] | null;
    }>(
      `SELECT
        (SELECT json_agg(json_build_object('id', member_id, 'topics', topics)) FROM ${schema}.members WHERE group_id = $1) AS members,
        (SELECT json_agg(json_build_array(name, partitions)) FROM ${schema}.topics
          WHERE name IN (SELECT unnest(topics) FROM ${schema}.members WHERE group_id = $1)) AS partitions,
        (SELECT json_agg(json_build_object('topic', topic, 'partition', partition)) FROM ${schema}.claims
          WHERE group_id = $1 AND member_id = $2) AS held`,
      [this.group, this.#id],
    );
    const held = row?.held ?? [];
    const wanted = assignPartitions(row?.members ?? [], new Map(row?.partitions ?? [])).get(this.#id) ?? [];
    const wantedKeys = new Set(wanted.map(partitionName));
    const heldKeys = new Set(held.map(partitionName));
    return {
      expelled,
      keep: held.filter((partition) => wantedKeys.has(partitionName(partition))),
      release: held.filter((partition) => !wantedKeys.has(partitionName(partition))),
      claim: wanted.filter((partition) => !heldKeys.has(partitionName(partition))),
      changed: beats.length === 0 || dead.length > 0,
    };
  }

  async release(partitions: readonly TopicPartition[]): Promise<void> {
    await this.database.query(
      `DELETE FROM ${this.database.schema}.claims c USING unnest($3::text[], $4::integer[]) AS w (topic, partition)
       WHERE c.group_id = $1 AND c.member_id = $2 AND c.topic = w.topic AND c.partition = w.partition`,
      [this.group, this.#id, ...columns(partitions)],
    );
  }

  /** Claims those that nobody holds, and answers them. */
  async claim(partitions: readonly TopicPartition[]): Promise<readonly TopicPartition[]> {
    return this.database.query<{ topic: string; partition: number }>(
      `INSERT INTO ${this.database.schema}.claims (group_id, topic, partition, member_id)
       SELECT m.group_id, w.topic, w.partition, m.member_id
       FROM ${this.database.schema}.members m, unnest($3::text[], $4::integer[]) AS w (topic, partition)
       WHERE m.group_id = $1 AND m.member_id = $2
       ORDER BY w.topic, w.partition
       ON CONFLICT DO NOTHING RETURNING topic, partition`,
      [this.group, this.#id, ...columns(partitions)],
    );
  }

  /** Ends the lease; what it held is free at once. */
  async leave(): Promise<void> {
    await this.database.query(`DELETE FROM ${this.database.schema}.members WHERE group_id = $1 AND member_id = $2`, [
      this.group,
      this.#id,
    ]);
  }
}

/** Partitions as two arrays, for unnest. */
export const columns = (partitions: readonly TopicPartition[]): readonly [string[], number[]] => [
  partitions.map(({ topic }) => topic),
  partitions.map(({ partition }) => partition),
];
