import type { TopicPartition } from '../port.js';

export interface GroupMember {
  readonly id: string;
  readonly topics: readonly string[];
}

/**
 * Shares the partitions among the members of a group: the same partition number of all topics goes to the same member,
 * so that all events of one order, whatever their topic, meet in one process. Depends on nothing but its arguments, so
 * that every member that sees the same members decides the same.
 *
 * A member that does not read a topic (an older version, while a new one rolls out) is passed over for that topic; the
 * next one in the order of ids takes its place.
 * @param partitions number of partitions by topic
 * @returns by member id; members without a partition have an empty list
 */
export function assignPartitions(
  members: readonly GroupMember[],
  partitions: ReadonlyMap<string, number>,
): ReadonlyMap<string, readonly TopicPartition[]> {
  const sorted = members.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const result = new Map<string, TopicPartition[]>(sorted.map((member) => [member.id, []]));
  for (const [topic, count] of [...partitions].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const readers = new Set(sorted.filter((member) => member.topics.includes(topic)).map((member) => member.id));
    if (readers.size === 0) continue;
    for (let partition = 0; partition < count; partition++) {
      for (let step = 0; step < sorted.length; step++) {
        const candidate = sorted[(partition + step) % sorted.length];
        if (candidate === undefined || !readers.has(candidate.id)) continue;
        result.get(candidate.id)?.push({ topic, partition });
        break;
      }
    }
  }
  return result;
}
