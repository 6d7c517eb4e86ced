import type { IncomingRecord } from '../transport/port.js';

/**
 * The records of each partition that were delivered and are not handled yet, for telling whether there are any and how old
 * the oldest is. Nothing is computed until somebody asks: a delivery adds one entry, and a moved position drops those behind it.
 */
export class Waiting {
  private readonly deliveries = new Map<string, (readonly IncomingRecord[])[]>();
  /** Since when a partition has been seen to wait with nothing of it delivered, milliseconds since 1970. */
  private readonly silentSince = new Map<string, number>();

  /** Takes records of one partition, ascending. */
  add(partition: string, records: readonly IncomingRecord[]): void {
    if (records.length === 0) return;
    const known = this.deliveries.get(partition);
    if (known) known.push(records);
    else this.deliveries.set(partition, [records]);
  }

  /** Everything of a partition below an offset is handled. */
  reached(partition: string, offset: bigint): void {
    const open = this.deliveries.get(partition)?.filter((records) => (records.at(-1)?.offset ?? 0n) >= offset);
    if (open?.length) this.deliveries.set(partition, open);
    else this.deliveries.delete(partition);
  }

  /** Whether anything of a partition is not handled yet. */
  has(partition: string): boolean {
    return this.deliveries.has(partition);
  }

  /** A partition is delivered again from elsewhere, or by somebody else. */
  forget(partition: string): void {
    this.deliveries.delete(partition);
    this.silentSince.delete(partition);
  }

  /**
   * How long the oldest record that is not handled has waited, seconds.
   * @param offset up to where all is handled
   * @param isBehind whether the transport says that there is more
   * @param now milliseconds since 1970
   */
  age(partition: string, offset: bigint, isBehind: boolean, now: number): number {
    const oldest = this.deliveries
      .get(partition)
      ?.flatMap((records) => records.find((record) => record.offset >= offset) ?? [])
      .at(0);
    if (oldest || !isBehind) this.silentSince.delete(partition);
    if (oldest) return Math.max(0, now - oldest.timestamp) / 1_000;
    if (!isBehind) return 0;
    // What waits has not been seen yet, so that nobody knows its age; it has waited for as long as this was noticed.
    const since = this.silentSince.get(partition) ?? now;
    this.silentSince.set(partition, since);
    return (now - since) / 1_000;
  }
}
