import type { TopicPartition } from '../transport/port.js';
import type { Input } from './inputs.js';
import { partitionName } from '../transport/delivery/partition-name.js';

/** What was taken from the queue for one unit of work. */
export interface Taken {
  readonly inputs: readonly Input[];
  /**
   * Up to where all that was delivered of a partition is handled once these inputs are: before the first record that
   * stays behind.
   */
  readonly reach: (partition: TopicPartition) => bigint;
}

/** The lowest offset of each partition. */
const lowestOffsets = (inputs: readonly Input[]): ReadonlyMap<string, bigint> => {
  const lowest = new Map<string, bigint>();
  for (const input of inputs) {
    if (input.kind !== 'record') continue;
    const { offset } = input.record;
    const name = partitionName(input.record);
    // Not always the one that came first: what is delivered again comes after what waits.
    if (offset < (lowest.get(name) ?? offset + 1n)) lowest.set(name, offset);
  }
  return lowest;
};

/** Two halves, the first of which is handled first and so leaves the second behind. */
export const halves = ({ inputs, reach }: Taken): readonly [Taken, Taken] => {
  const middle = Math.ceil(inputs.length / 2);
  const rest = inputs.slice(middle);
  const behind = lowestOffsets(rest);
  const reachOfFirst = (partition: TopicPartition) => {
    const whole = reach(partition);
    const left = behind.get(partitionName(partition)) ?? whole;
    return left < whole ? left : whole;
  };
  return [
    { inputs: inputs.slice(0, middle), reach: reachOfFirst },
    { inputs: rest, reach },
  ];
};
