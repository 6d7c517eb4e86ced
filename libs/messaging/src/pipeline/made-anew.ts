import type { Run } from '../state/rows.js';
import type { PartitionOffset } from '../transport/port.js';
import { positionsOf, setBackPositions } from './positions.js';
import { partitionName } from '../transport/delivery/partition-name.js';

/** Where a service stands in partitions that it was assigned. */
export interface Found {
  readonly positions: readonly PartitionOffset[];
  /** Positions of topics that were made anew, as they were; among `positions` they are 0. */
  readonly setBack: readonly PartitionOffset[];
  /** Beyond their ends, and whether the topic was made anew cannot be told before its end is read once more. */
  readonly unclear: readonly PartitionOffset[];
}

/**
 * Tells topics that were lost and made anew. Their offsets begin at 0 again, so that a position from before would make
 * repetitions of all new events below it.
 *
 * The end of a topic only grows. So a position that was there before the end was read, and lies beyond it, is of another
 * topic. One that was read after the end proves nothing: another process may have moved it past that end in between.
 * Topics are told apart by nothing but this, since transports know no ids of them: one that has grown beyond the old
 * position before anybody looks passes for the old one.
 */
export class MadeAnew {
  /** Positions that were there before the next ends will have been read. */
  private readonly known = new Map<string, bigint>();

  /** A position that is stored now. */
  remember(position: PartitionOffset): void {
    this.known.set(partitionName(position), position.offset);
  }

  /** Reads positions after the ends of their partitions, and sets those back whose topics were made anew. */
  async find(run: Run, ends: readonly PartitionOffset[]): Promise<Found> {
    const endOf = new Map(ends.map((end) => [partitionName(end), end.offset]));
    const stored = await positionsOf(run, ends);
    const beyond = stored.filter((position) => position.offset > (endOf.get(partitionName(position)) ?? 0n));
    const proven = beyond.filter((position) => this.known.get(partitionName(position)) === position.offset);
    const anew = new Map((await setBackPositions(run, proven)).map((position) => [partitionName(position), position]));
    const isSetBack = (position: PartitionOffset) => anew.has(partitionName(position));
    const unclear = beyond.filter((position) => !isSetBack(position));
    for (const name of endOf.keys()) this.known.delete(name);
    for (const position of unclear) this.remember(position);
    return {
      positions: stored.map((position) => anew.get(partitionName(position)) ?? position),
      setBack: proven.filter(isSetBack),
      unclear,
    };
  }
}
