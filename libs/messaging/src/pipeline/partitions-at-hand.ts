import type { TopicPartition } from '../transport/port.js';
import { Line } from './line.js';
import { partitionName } from '../transport/delivery/partition-name.js';

/** A record of a partition is here. */
interface Placed {
  readonly offset: bigint;
  readonly isGone: boolean;
}

/** A partition of which something was here. */
export class PartitionAtHand {
  private readonly here = new Line<Placed>(({ isGone }) => isGone);
  /** False once something came that lies before what had come: what is delivered again comes after what waits. */
  private isOrdered = true;
  private last = -1n;
  private taken = 0n;

  add(placed: Placed): void {
    if (placed.offset < this.last && this.here.first) this.isOrdered = false;
    this.last = placed.offset;
    this.here.push(placed);
  }

  take(offset: bigint): void {
    if (offset >= this.taken) this.taken = offset + 1n;
  }

  /** Where it will stand: before the first that is left, else after the last that was taken. */
  get reach(): bigint {
    const { first } = this.here;
    if (!first) {
      this.isOrdered = true;
      return this.taken;
    }
    let lowest = first.offset;
    if (this.isOrdered) return lowest;
    for (const { offset } of this.here) if (offset < lowest) lowest = offset;
    return lowest;
  }
}

/** Where the partitions stand whose records are at hand. */
export class PartitionsAtHand {
  private readonly partitions = new Map<string, PartitionAtHand>();

  of(partition: TopicPartition): PartitionAtHand {
    const name = partitionName(partition);
    let known = this.partitions.get(name);
    if (!known) this.partitions.set(name, (known = new PartitionAtHand()));
    return known;
  }

  forget(partition: TopicPartition): void {
    this.partitions.delete(partitionName(partition));
  }

  /** Up to where each partition is handled once all that was taken is. */
  reach(): (partition: TopicPartition) => bigint {
    const reached = new Map<string, bigint>();
    for (const [name, { reach }] of this.partitions) reached.set(name, reach);
    return (partition) => reached.get(partitionName(partition)) ?? 0n;
  }
}
