import { partitionOf } from '../transport/delivery/partitioner.js';
import type { TopicPartition } from '../transport/port.js';
import { partitionName } from '../transport/delivery/partition-name.js';

/**
 * Tells the keys of one process of a group from those of the others, by the partitions that it holds: so that each key
 * is the own one of some process, and of one alone where all read the same topics.
 *
 * The topic with the most partitions decides. Whoever holds one of its partitions knows of no larger topic, so it asks
 * that one, and each of its partitions is held by somebody. Topics with the same number of partitions are shared out
 * alike: among several of the largest any will do, and what is heard of a key, whichever of them says it, is heard here.
 * Of topics with fewer it may be heard elsewhere.
 * @param held what the process holds
 * @param counts number of partitions by topic
 */
export const isOwnKey = (
  held: readonly TopicPartition[],
  counts: ReadonlyMap<string, number>,
): ((key: string) => boolean) => {
  const countOf = (topic: string): number => counts.get(topic) ?? 0;
  const topics = [...new Set(held.map(({ topic }) => topic))];
  const [topic] = topics.toSorted((a, b) => countOf(b) - countOf(a));
  if (topic === undefined) return () => false;
  const names = new Set(held.map(partitionName));
  return (key) => names.has(partitionName({ topic, partition: partitionOf(key, countOf(topic)) }));
};
