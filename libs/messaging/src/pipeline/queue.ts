import type { TopicPartition } from '../transport/port.js';
import { allAreUrgent, type Patience } from './gathering.js';
import type { HeldInput, Input } from './inputs.js';
import { partitionName } from './positions.js';

/** Records that may wait in memory before delivery pauses. */
const MOST_RECORDS = 16_000;
/** Bytes of records' bodies that may wait in memory before delivery pauses. */
const MOST_BYTES = 32 * 1024 * 1024;

const bytesOf = (input: Input): number => (input.kind === 'record' ? (input.record.value?.length ?? 0) : 0);

/** What is at hand for the next unit of work, and when that may begin. */
export class InputQueue {
  private held: HeldInput[] = [];
  private others: Input[] = [];
  private records = 0;
  private bytes = 0;
  /** True once something is here that waits no longer. */
  private urgent = false;
  /** Runs while all that is here may wait. */
  private patience: NodeJS.Timeout | undefined;
  private filled: (() => void) | undefined;
  private drained: (() => void)[] = [];

  constructor(private readonly waits: Patience = allAreUrgent) {}

  get size(): number {
    return this.held.length + this.others.length;
  }

  push(inputs: readonly Input[]): void {
    for (const input of inputs) {
      if (input.kind === 'held') this.held.push(input);
      else {
        this.others.push(input);
        if (input.kind === 'record') {
          this.records += 1;
          this.bytes += bytesOf(input);
        }
      }
    }
    if (this.urgent || this.size === 0) return;
    if (inputs.some((input) => !this.waits.isPatient(input)) || !this.hasRoom()) this.hurry();
    else this.patience ??= setTimeout(() => this.hurry(), this.waits.patientMs);
  }

  /** Resolves when there is something that waits no longer, or after `wake`. */
  async something(): Promise<void> {
    if (this.urgent) return;
    await new Promise<void>((resolve) => {
      this.filled = resolve;
    });
  }

  wake(): void {
    this.filled?.();
    this.filled = undefined;
  }

  /** Resolves when more records may be delivered. */
  async room(): Promise<void> {
    if (this.hasRoom()) return;
    await new Promise<void>((resolve) => this.drained.push(resolve));
  }

  /** Takes up to `most` inputs: held messages first, the others in the order in which they came. */
  take(most: number): Input[] {
    const held = this.held.splice(0, most);
    const others = this.others.splice(0, most - held.length);
    this.forget(others);
    // Whatever is left was not taken because of its number alone, and waits no longer.
    this.urgent = this.size > 0;
    clearTimeout(this.patience);
    this.patience = undefined;
    return [...held, ...others];
  }

  /** Drops records of partitions that are delivered again from another place, or by somebody else. */
  drop(partitions: readonly TopicPartition[]): void {
    const names = new Set(partitions.map(partitionName));
    const isDropped = (input: Input) => input.kind === 'record' && names.has(partitionName(input.record));
    this.forget(this.others.filter(isDropped));
    this.others = this.others.filter((input) => !isDropped(input));
  }

  private hurry(): void {
    this.urgent = true;
    this.wake();
  }

  private forget(inputs: readonly Input[]): void {
    for (const input of inputs) {
      if (input.kind !== 'record') continue;
      this.records -= 1;
      this.bytes -= bytesOf(input);
    }
    if (this.hasRoom()) for (const resolve of this.drained.splice(0)) resolve();
  }

  private hasRoom(): boolean {
    return this.records < MOST_RECORDS && this.bytes < MOST_BYTES;
  }
}
