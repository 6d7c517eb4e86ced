import type { HeldInput, Input, RecordInput } from './inputs.js';

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

/** A record of a partition is here. */
export interface Mark {
  readonly offset: bigint;
  isOver: boolean;
}

export const keyOf = (input: Queued['input']): string | undefined =>
  input.kind === 'record' ? input.record.key : input.message.key;

export const bytesOf = ({ record }: RecordInput): number => record.value?.length ?? 0;

/** So many entries that are over are kept before they are given up. */
const MOST_OVER = 1_000;

/**
 * What came, in its order. What is over, in whatever place it stands, is passed over later: so leaving costs nothing, nor
 * does staying.
 */
export class Line<Entry extends { readonly isOver: boolean }> {
  private entries: Entry[] = [];
  private head = 0;

  push(entry: Entry): void {
    this.entries.push(entry);
  }

  get first(): Entry | undefined {
    const { entries } = this;
    while (entries[this.head]?.isOver) this.head += 1;
    if (this.head > MOST_OVER && 2 * this.head > entries.length) {
      this.entries = entries.slice(this.head);
      this.head = 0;
    }
    return this.entries[this.head];
  }

  /** All that are not over. */
  *[Symbol.iterator](): Generator<Entry> {
    for (let index = this.head; index < this.entries.length; index += 1) {
      const entry = this.entries[index] as Entry;
      if (!entry.isOver) yield entry;
    }
  }
}
