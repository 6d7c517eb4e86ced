import type { IncomingRecord, OutgoingRecord, TopicPartition } from '../port.js';

/** A record that this process has written: one object for all its members that read it. */
class WrittenRecord implements IncomingRecord {
  readonly key: string;
  readonly headers: IncomingRecord['headers'];
  readonly value: Buffer;
  readonly isChecked: boolean | undefined;
  /** Filled by the first who reads it. */
  reading: unknown = undefined;

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly offset: bigint,
    readonly timestamp: number,
    { key, headers, value, isChecked }: OutgoingRecord,
  ) {
    this.key = key;
    this.headers = headers;
    this.value = value;
    this.isChecked = isChecked;
  }
}

/**
 * Records of one partition as whoever reads it gets them.
 * @param base offset of the first; they were written one after another
 */
export const written = (
  { topic, partition }: TopicPartition,
  base: bigint,
  timestamp: number,
  records: readonly OutgoingRecord[],
): readonly IncomingRecord[] =>
  records.map((record, index) => new WrittenRecord(topic, partition, base + BigInt(index), timestamp, record));

/** A member of a group, as whoever writes in the same process knows it. */
export interface Neighbour {
  /** Records of one partition were written, durably. They are taken if they are next, and else left to be fetched. */
  offer(records: readonly IncomingRecord[]): void;
}
