import type { Run } from '../state/rows.js';
import type { PartitionOffset, TopicPartition } from '../transport/port.js';
import { partitionName } from '../transport/delivery/partition-name.js';
import { aheadOf, aheadText, type Standing } from './ahead.js';

const columns = (partitions: readonly TopicPartition[]) => [
  partitions.map(({ topic }) => topic),
  partitions.map(({ partition }) => partition),
];

const offsets = (rows: readonly unknown[][]): PartitionOffset[] =>
  rows.map(([topic, partition, offset]) => ({
    topic: topic as string,
    partition: partition as number,
    offset: BigInt(offset as string),
  }));

/** Makes positions for partitions that have none. */
const makePositions = (run: Run, partitions: readonly TopicPartition[]): Promise<unknown> =>
  run(
    `insert into position (topic, partition, next_offset)
     select topic, partition, 0 from unnest($1::text[], $2::int[]) as p(topic, partition)
     on conflict do nothing`,
    columns(partitions),
  );

/** Makes positions for partitions that have none, and reads all. */
export const positionsOf = async (run: Run, partitions: readonly TopicPartition[]): Promise<PartitionOffset[]> => {
  await makePositions(run, partitions);
  const { rows } = await run(
    `select topic, partition, next_offset from position
     where (topic, partition) in (select * from unnest($1::text[], $2::int[]))`,
    columns(partitions),
  );
  return offsets(rows);
};

/** Locks positions, in order, and reads where they are now; one that is gone is made anew, and stands at 0. */
export const lockPositions = async (
  run: Run,
  partitions: readonly TopicPartition[],
): Promise<ReadonlyMap<string, Standing>> => {
  if (partitions.length === 0) return new Map();
  const { rows } = await run(
    `select topic, partition, next_offset, ahead from position
     where (topic, partition) in (select * from unnest($1::text[], $2::int[]))
     order by topic, partition for update`,
    columns(partitions),
    'position:lock',
  );
  if (rows.length < partitions.length) {
    await makePositions(run, partitions);
    return lockPositions(run, partitions);
  }
  return new Map(
    offsets(rows).map((position, row) => [
      partitionName(position),
      { position: position.offset, ahead: aheadOf(rows[row]?.[3] as string | null) },
    ]),
  );
};

/** A partition's position as it is to be, and what is handled beyond it. */
export type Moved = PartitionOffset & Pick<Standing, 'ahead'>;

export const movePositions = (run: Run, positions: readonly Moved[]): Promise<unknown> =>
  run(
    `update position p set next_offset = k.next_offset, ahead = k.ahead
     from unnest($1::text[], $2::int[], $3::bigint[], $4::text[]) as k(topic, partition, next_offset, ahead)
     where p.topic = k.topic and p.partition = k.partition`,
    [
      ...columns(positions),
      positions.map(({ offset }) => offset.toString()),
      positions.map(({ ahead }) => aheadText(ahead)),
    ],
    'position:move',
  );

/**
 * Moves positions from `offset` to `reached`, those that still stand at `offset`.
 * @returns the moved ones, where they stand now
 */
export const skipPositions = async (
  run: Run,
  skips: readonly (PartitionOffset & { readonly reached: bigint })[],
): Promise<PartitionOffset[]> => {
  const { rows } = await run(
    `update position p set next_offset = k.reached
     from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) as k(topic, partition, next_offset, reached)
     where p.topic = k.topic and p.partition = k.partition and p.next_offset = k.next_offset
     returning p.topic, p.partition, p.next_offset`,
    [...columns(skips), skips.map(({ offset }) => offset.toString()), skips.map(({ reached }) => reached.toString())],
    'position:skip',
  );
  return offsets(rows);
};

/**
 * Sets positions back to 0, those that still stand where they are said to: the adapter begins at the first offset that
 * there is.
 * @returns the moved ones, where they stand now
 */
export const setBackPositions = async (run: Run, positions: readonly PartitionOffset[]): Promise<PartitionOffset[]> => {
  if (positions.length === 0) return [];
  const { rows } = await run(
    `update position p set next_offset = 0, ahead = null
     from unnest($1::text[], $2::int[], $3::bigint[]) as k(topic, partition, next_offset)
     where p.topic = k.topic and p.partition = k.partition and p.next_offset = k.next_offset
     returning p.topic, p.partition, p.next_offset`,
    [...columns(positions), positions.map(({ offset }) => offset.toString())],
  );
  return offsets(rows);
};
