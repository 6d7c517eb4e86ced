import type { HeldInput, Input, RecordInput } from './inputs.js';
import type { Place } from './places.js';

/** A key, whose messages are handled together; a record without a key belongs to nobody, and has a symbol of its own. */
export type Group = string | symbol;

/** One object for each message that is at hand: thousands may wait, and live long enough to be costly to keep. */
export class Queued {
  /** True once it is taken, or dropped. */
  isGone = false;

  constructor(
    readonly input: Exclude<Input, HeldInput>,
    readonly group: Group,
    /** Counts in the order of arrival. */
    readonly number: number,
    /** When it came, milliseconds of this process' clock. */
    readonly since: number,
    /** True while it waits for company. */
    public isWaiting: boolean,
    /** Undefined for what has no place on a topic. */
    readonly place: Place | undefined,
  ) {}

  get offset(): bigint {
    return this.input.kind === 'record' ? this.input.record.offset : -1n;
  }
}

export const keyOf = (input: Queued['input']): string | undefined =>
  input.kind === 'record' ? input.record.key : input.message.key;

export const bytesOf = ({ record }: RecordInput): number => record.value?.length ?? 0;
