import type { HeldInput, Input, RecordInput } from './inputs.js';
import type { Mark } from './places.js';

/** A key, whose messages are handled together; a record without a key belongs to nobody, and has a symbol of its own. */
export type Group = string | symbol;

/** Something that is at hand. */
export interface Queued {
  readonly input: Exclude<Input, HeldInput>;
  readonly group: Group;
  /** Counts in the order of arrival. */
  readonly number: number;
  /** Undefined if it waits for nobody; over once it no longer does. */
  readonly wait: Wait | undefined;
  /** Undefined for what has no place on a topic. */
  readonly mark: Mark | undefined;
}

/** Somebody waits for company. */
export interface Wait {
  readonly group: Group;
  /** Milliseconds of this process' clock. */
  readonly since: number;
  isOver: boolean;
}

export const keyOf = (input: Queued['input']): string | undefined =>
  input.kind === 'record' ? input.record.key : input.message.key;

export const bytesOf = ({ record }: RecordInput): number => record.value?.length ?? 0;
