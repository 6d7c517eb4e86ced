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

/** Records of one partition as they were written, one after another. */
export interface WrittenRun extends TopicPartition {
  /** Offset of the first. */
  readonly base: bigint;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
  readonly records: readonly OutgoingRecord[];
}

/** The same records as whoever reads them gets them. */
export const written = ({ topic, partition, base, writtenAt, records }: WrittenRun): readonly IncomingRecord[] =>
  records.map((record, index) => new WrittenRecord(topic, partition, base + BigInt(index), writtenAt, record));

/** A member of a group, as whoever writes in the same process knows it. */
export interface Neighbour {
  /** Records of one partition were written, durably. They are taken if they are next, and else left to be fetched. */
  offer(records: readonly IncomingRecord[]): void;
}
