import type { TopicPartition } from '../port.js';

/** Names of partitions, by topic and number: there are few, and each record is asked for its own several times. */
const names = new Map<string, string[]>();

/** One partition as text, `topic/number`. */
export const partitionName = ({ topic, partition }: TopicPartition): string => {
  let ofTopic = names.get(topic);
  if (!ofTopic) names.set(topic, (ofTopic = []));
  return (ofTopic[partition] ??= `${topic}/${partition}`);
};
