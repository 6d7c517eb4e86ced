import type { PartitionOffset, TopicPartition } from '../transport/port.js';
import { movedTo, type Standing } from './ahead.js';
import { type Moved } from './positions.js';
import { partitionName } from '../transport/delivery/partition-name.js';
import type { Task } from './task.js';

/** Where partitions stand, as the database says under lock. */
type Standings = ReadonlyMap<string, Standing>;

/** Where a partition stands; one that is gone stands at its beginning. */
export const standingOf = (partition: TopicPartition, standings: Standings): Standing =>
  standings.get(partitionName(partition)) ?? { position: 0n };

/** Whether the position lies behind what was delivered before, so that records are missing. */
export const isBehind = (
  partition: TopicPartition,
  { expected }: Pick<Task, 'expected'>,
  standings: Standings,
): boolean => standingOf(partition, standings).position < expected(partition);

/** Where the partitions of a unit of work stand once its records are handled, and which of them are read again instead. */
export const movedPositions = (
  task: Pick<Task, 'inputs' | 'reach' | 'expected'>,
  standings: Standings,
): { readonly positions: readonly Moved[]; readonly rewind: readonly PartitionOffset[] } => {
  const positions: Moved[] = [];
  const rewind: PartitionOffset[] = [];
  for (const handled of handledOffsets(task)) {
    const { topic, partition, offsets } = handled;
    const { position, ahead } = standingOf(handled, standings);
    if (isBehind(handled, task, standings)) rewind.push({ topic, partition, offset: position });
    else {
      const reach = task.reach(handled);
      const moved = movedTo(ahead, offsets, reach > position ? reach : position);
      positions.push({ topic, partition, offset: moved.position, ahead: moved.ahead });
    }
  }
  return { positions, rewind };
};

const handledOffsets = ({ inputs }: Pick<Task, 'inputs'>) => {
  const byName = new Map<string, TopicPartition & { readonly offsets: bigint[] }>();
  for (const input of inputs) {
    if (input.kind !== 'record') continue;
    const { topic, partition, offset } = input.record;
    const name = partitionName(input.record);
    const known = byName.get(name);
    if (known) known.offsets.push(offset);
    else byName.set(name, { topic, partition, offsets: [offset] });
  }
  return byName.values();
};
