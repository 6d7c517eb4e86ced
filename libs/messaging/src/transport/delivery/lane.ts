import type { IncomingRecord, PartitionOffset, TopicPartition } from '../port.js';
import { Backoff } from './backoff.js';

export interface LaneLimits {
  /** A partition is not read further while this many records wait for `onRecords`. */
  readonly maxWaiting: number;
  /** Likewise for the bytes that wait. One record may be larger. */
  readonly maxWaitingBytes: number;
  /** At most this many records in one call of `onRecords`. */
  readonly maxPerCall: number;
  /** First and longest pause after a rejected call, milliseconds. */
  readonly retryMs: readonly [first: number, longest: number];
}

export const defaultLimits: LaneLimits = {
  maxWaiting: 4_000,
  maxWaitingBytes: 2 * 1024 * 1024,
  maxPerCall: 2_000,
  retryMs: [200, 10_000],
};

export interface LaneHooks {
  deliver(records: readonly IncomingRecord[]): Promise<void>;
  /** `next` has moved past what is nothing to deliver. */
  passed(lane: Lane): void;
  /** The lane was full and has room again. */
  room(lane: Lane): void;
  rejected(partition: TopicPartition, offset: bigint, error: unknown): void;
}

/**
 * One assigned partition between the transport and `onRecords`: records wait here in order, one call is under way at a
 * time, and a rejected call is repeated after a pause, from memory.
 */
export class Lane implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #closing = new AbortController();
  readonly #backoff: Backoff;
  #waiting: IncomingRecord[] = [];
  #bytes = 0;
  #next: bigint;
  #tail: bigint;
  #epoch = 0;
  #pumping = false;
  #pause = new AbortController();
  #underWay: Promise<void>;

  /**
   * @param begin where delivery begins
   * @param before what an earlier lane of this partition has under way; nothing is delivered before it has settled
   */
  constructor(
    begin: PartitionOffset,
    private readonly hooks: LaneHooks,
    private readonly limits: LaneLimits,
    before: Promise<void>,
  ) {
    this.topic = begin.topic;
    this.partition = begin.partition;
    this.#next = begin.offset;
    this.#tail = begin.offset;
    this.#underWay = before;
    this.#backoff = new Backoff(...limits.retryMs);
  }

  /** The first offset that `onRecords` has not settled. */
  get next(): bigint {
    return this.#next;
  }

  /** The next offset to read from the transport. */
  get tail(): bigint {
    return this.#tail;
  }

  /** Changes with every seek; what was read under another epoch is stale. */
  get epoch(): number {
    return this.#epoch;
  }

  get full(): boolean {
    return this.#waiting.length >= this.limits.maxWaiting || this.#bytes >= this.limits.maxWaitingBytes;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /**
   * Adds what was read. Records below the tail were here before and are left out.
   * @param tail where to read next, if that is beyond the last of them
   */
  push(records: readonly IncomingRecord[], tail?: bigint): void {
    if (this.closed) return;
    for (const record of records) {
      if (record.offset < this.#tail) continue;
      this.#waiting.push(record);
      this.#bytes += bytesOf(record);
      this.#tail = record.offset + 1n;
    }
    if (tail !== undefined && tail > this.#tail) this.#tail = tail;
    if (this.#waiting.length === 0) this.#pass();
    if (!this.#pumping) void this.#pump();
  }

  /** Forgets what waits; reading goes on at `offset`. */
  seek(offset: bigint): void {
    this.#epoch += 1;
    this.#waiting = [];
    this.#bytes = 0;
    this.#next = offset;
    this.#tail = offset;
    this.#backoff.reset();
    this.#pause.abort();
  }

  /** Nothing more is delivered. */
  close(): void {
    this.#closing.abort();
    this.#pause.abort();
  }

  /** Resolves once no call of `onRecords` is under way; never rejects. */
  settled(): Promise<void> {
    return this.#underWay;
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    await this.#underWay;
    while (!this.closed && this.#waiting.length > 0) {
      const epoch = this.#epoch;
      const records = this.#waiting.slice(0, this.limits.maxPerCall);
      const call = this.#call(records);
      this.#underWay = call.then(() => {});
      const outcome = await call;
      if (epoch !== this.#epoch || this.closed) continue;
      if (outcome === undefined) {
        this.#backoff.reset();
        this.#settle(records);
      } else {
        this.hooks.rejected(this, this.#next, outcome.error);
        this.#pause = new AbortController();
        await this.#backoff.pause(this.#pause.signal);
      }
    }
    this.#pumping = false;
  }

  async #call(records: readonly IncomingRecord[]): Promise<{ readonly error: unknown } | undefined> {
    try {
      await this.hooks.deliver(records);
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  /** Nothing waits: whatever lies below the tail is settled, or was no record. */
  #pass(): void {
    if (this.#next === this.#tail) return;
    this.#next = this.#tail;
    this.hooks.passed(this);
  }

  #settle(records: readonly IncomingRecord[]): void {
    const wasFull = this.full;
    this.#waiting.splice(0, records.length);
    for (const record of records) this.#bytes -= bytesOf(record);
    const [next] = this.#waiting;
    const last = records.at(-1);
    if (next) this.#next = next.offset;
    else {
      if (last) this.#next = last.offset + 1n;
      this.#pass();
    }
    if (wasFull && !this.full) this.hooks.room(this);
  }
}

/** Roughly what a record takes in memory. */
const bytesOf = ({ bytes, value, key }: IncomingRecord): number =>
  (bytes ?? (value?.length ?? 0) + (key?.length ?? 0)) + 300;
