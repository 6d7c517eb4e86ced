import { partitionName } from '../delivery/partition-name.js';
import type { PartitionOffset } from '../port.js';
import type { LocalDatabase } from './local-database.js';
import { columns } from './local-membership.js';

/** Stores a member's offsets, one statement at a time; what is committed meanwhile goes into the next one. */
export class LocalCommits {
  #pending = new Map<string, PartitionOffset>();
  #next: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: LocalDatabase,
    private readonly group: string,
    private readonly member: string,
  ) {}

  /** Resolves when stored. Offsets of partitions that the member does not hold are left out. */
  commit(offsets: readonly PartitionOffset[]): Promise<void> {
    for (const offset of offsets) this.#pending.set(partitionName(offset), offset);
    this.#next ??= this.#running.then(() => {
      const batch = [...this.#pending.values()];
      this.#pending = new Map();
      this.#next = undefined;
      const writing = this.#write(batch);
      this.#running = writing.catch(() => {});
      return writing;
    });
    return this.#next;
  }

  idle(): Promise<void> {
    return (this.#next ?? this.#running).catch(() => {});
  }

  async #write(offsets: readonly PartitionOffset[]): Promise<void> {
    const { schema } = this.database;
    await this.database.query(
      `INSERT INTO ${schema}.group_offsets (group_id, topic, partition, next_offset)
       SELECT c.group_id, c.topic, c.partition, w.next_offset
       FROM unnest($3::text[], $4::integer[], $5::bigint[]) AS w (topic, partition, next_offset)
       JOIN ${schema}.claims c ON c.group_id = $1 AND c.member_id = $2 AND c.topic = w.topic AND c.partition = w.partition
       ORDER BY c.topic, c.partition
       ON CONFLICT (group_id, topic, partition) DO UPDATE SET next_offset = excluded.next_offset`,
      [this.group, this.member, ...columns(offsets), offsets.map(({ offset }) => String(offset))],
    );
  }
}
