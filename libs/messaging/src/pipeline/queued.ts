import type { HeldInput, Input, RecordInput } from './inputs.js';
import type { PartitionAtHand } from './partitions-at-hand.js';

/** A key, whose messages are handled together; a record without a key belongs to nobody, and has a symbol of its own. */
export type Group = string | symbol;

/** What is at hand and no held message. */
export type Arrived = Exclude<Input, HeldInput>;

/** One object for each message that is at hand: thousands may wait, and live long enough to be costly to keep. */
export class Queued {
  private left: Arrived | undefined;

  constructor(
    input: Arrived,
    readonly group: Group,
    /** Counts in the order of arrival. */
    readonly number: number,
    /** When it came, milliseconds of this process' clock. */
    readonly since: number,
    /** True while it waits for company. */
    public isWaiting: boolean,
    /** Undefined for what has no place on a topic. */
    readonly partition: PartitionAtHand | undefined,
  ) {
    this.left = input;
  }

  get input(): Arrived {
    if (!this.left) throw new Error('It is gone.');
    return this.left;
  }

  get offset(): bigint {
    return this.left?.kind === 'record' ? this.left.record.offset : -1n;
  }

  get isGone(): boolean {
    return this.left === undefined;
  }

  /** It is taken, or dropped: whoever still passes over it does not keep its message alive. */
  go(): void {
    this.left = undefined;
    this.isWaiting = false;
  }
}

export const keyOf = (input: Arrived): string | undefined =>
  input.kind === 'record' ? input.record.key : input.message.key;

export const bytesOf = ({ record }: RecordInput): number => record.bytes ?? record.value?.length ?? 0;
