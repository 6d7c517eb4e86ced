import type { TopicPartition } from '../transport/port.js';
import { allAreUrgent, nameOf, type Patience } from './gathering.js';
import type { HeldInput, Input, RecordInput } from './inputs.js';
import { partitionName } from './positions.js';
import type { Taken } from './taken.js';

/** Records that may wait in memory before delivery pauses. */
const MOST_RECORDS = 16_000;
/** Bytes of records' bodies that may wait in memory before delivery pauses. */
const MOST_BYTES = 32 * 1024 * 1024;
/** With more than this part of them here, nothing waits for company any more. */
const CROWDED = 0.75;

/** Keys of which a patient message is awaited; of more, the oldest are forgotten. */
const MOST_AWAITED = 20_000;

/** Names of patient messages that are awaited now, by key. */
export type Awaited = ReadonlyMap<string, readonly string[]>;

/** A partition of which something was here. */
interface Place {
  /** The offset after the last one that was taken. */
  taken: bigint;
  /** The lowest offset that was left behind when `take` was called for the `round`th time. */
  left: bigint;
  round: number;
}

/** Something that may wait for company; undefined since when, if it does not. */
interface Queued {
  readonly input: Exclude<Input, HeldInput>;
  /** Messages with one key are handled together; a record without a key belongs to nobody. */
  readonly key: string | undefined;
  /** Where a record came from. */
  readonly place: Place | undefined;
  /** Milliseconds of this process' clock. */
  readonly patientSince: number | undefined;
}

const bytesOf = ({ record }: RecordInput): number => record.value?.length ?? 0;

const keyOf = (input: Queued['input']): string | undefined =>
  input.kind === 'record' ? input.record.key : input.message.key;

const noteTaken = ({ input, place }: Queued): void => {
  if (!place || input.kind !== 'record') return;
  const next = input.record.offset + 1n;
  if (next > place.taken) place.taken = next;
};

/** What is at hand for the next unit of work, and when that may begin. */
export class InputQueue {
  private held: HeldInput[] = [];
  /** In the order in which they came. */
  private others: Queued[] = [];
  private records = 0;
  private bytes = 0;
  /** True once something is here that waits no longer. */
  private urgent = false;
  /** Runs while all that is here may wait. */
  private patience: NodeJS.Timeout | undefined;
  private filled: (() => void) | undefined;
  private drained: (() => void)[] = [];
  /** Names of those here that wait for their set, by key. */
  private readonly gathered = new Map<string, Set<string>>();
  private readonly awaited = new Map<string, readonly string[]>();
  private readonly places = new Map<string, Place>();
  private round = 0;

  constructor(private readonly waits: Patience = allAreUrgent) {}

  get size(): number {
    return this.held.length + this.others.length;
  }

  push(inputs: readonly Input[]): void {
    const now = performance.now();
    let hurries = false;
    for (const input of inputs) {
      if (input.kind === 'held') this.held.push(input);
      else {
        const key = keyOf(input);
        const patientSince = this.isPatient(input, key) ? now : undefined;
        this.others.push({ input, key, place: this.placeOf(input), patientSince });
        hurries ||= patientSince === undefined;
        if (input.kind === 'record') {
          this.records += 1;
          this.bytes += bytesOf(input);
        }
      }
    }
    if (hurries || this.held.length > 0 || this.isCrowded()) this.hurry();
    else this.watch();
  }

  /** Lets these messages wait no longer: those that are here, and those that come. */
  expedite(awaited: Awaited): void {
    if (awaited.size === 0) return;
    for (const [key, names] of awaited) this.awaited.set(key, names);
    let hurries = false;
    for (const [index, queued] of this.others.entries()) {
      const { input, key, patientSince } = queued;
      if (patientSince === undefined || key === undefined || !awaited.has(key) || this.isPatient(input, key)) continue;
      this.others[index] = { ...queued, patientSince: undefined };
      hurries = true;
    }
    for (const key of this.awaited.keys()) {
      if (this.awaited.size <= MOST_AWAITED) break;
      this.awaited.delete(key);
    }
    if (hurries) this.hurry();
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

  /**
   * Takes up to `most` inputs: held messages first, the others in the order in which they came. What may wait stays,
   * unless it has waited long enough, or something of its key is taken.
   * @param all whether nothing may wait any longer
   */
  take(most: number, all = false): Taken {
    const held = this.held.splice(0, most);
    const isChosen = all || this.isCrowded() ? () => true : this.choice(performance.now());
    const chosen: Queued[] = [];
    const left: Queued[] = [];
    let isCut = false;
    this.round += 1;
    for (const queued of this.others) {
      if (!isChosen(queued)) left.push(queued);
      else if (held.length + chosen.length < most) chosen.push(queued);
      else {
        // Left because of the number alone, it waits no longer.
        left.push({ ...queued, patientSince: undefined });
        isCut = true;
      }
    }
    for (const queued of left) this.noteLeft(queued);
    for (const queued of chosen) noteTaken(queued);
    this.others = left;
    this.forget(chosen);
    this.urgent = isCut || this.held.length > 0;
    clearTimeout(this.patience);
    this.patience = undefined;
    if (!this.urgent) this.watch();
    return { inputs: [...held, ...chosen.map(({ input }) => input)], reach: this.reach() };
  }

  /** Drops records of partitions that are delivered again from another place, or by somebody else. */
  drop(partitions: readonly TopicPartition[]): void {
    const names = new Set(partitions.map(partitionName));
    const isDropped = ({ input }: Queued) => input.kind === 'record' && names.has(partitionName(input.record));
    this.forget(this.others.filter(isDropped));
    this.others = this.others.filter((queued) => !isDropped(queued));
    for (const name of names) this.places.delete(name);
  }

  /**
   * What waits no longer: all of the keys of what never did; and when the patience of the oldest has come to its end, of
   * those that have waited for half as long, so that they go in large companies.
   */
  private choice(now: number): (queued: Queued) => boolean {
    const patience = this.waits.patientMs(this.size);
    const oldest = this.others.find(({ patientSince }) => patientSince !== undefined)?.patientSince ?? now;
    const longest = now - oldest >= patience ? patience / 2 : Number.POSITIVE_INFINITY;
    const isDue = ({ patientSince }: Queued) => patientSince === undefined || now - patientSince >= longest;
    const keys = new Set<string>();
    for (const queued of this.others) if (queued.key !== undefined && isDue(queued)) keys.add(queued.key);
    return (queued) => (queued.key === undefined ? isDue(queued) : keys.has(queued.key));
  }

  private isPatient(input: Queued['input'], key: string | undefined): boolean {
    const name = nameOf(input);
    if (name === undefined || !this.waits.isPatient(name)) return false;
    return key === undefined || !(this.isAwaited(name, key) || this.completes(name, key));
  }

  /** What is awaited is so once. */
  private isAwaited(name: string, key: string): boolean {
    if (!this.awaited.get(key)?.includes(name)) return false;
    this.awaited.delete(key);
    return true;
  }

  /** Whether all of its set and key are here with this one. */
  private completes(name: string, key: string): boolean {
    const set = this.waits.setOf(name);
    if (!set) return false;
    let here = this.gathered.get(key);
    if (!here) this.gathered.set(key, (here = new Set()));
    here.add(name);
    return set.every((each) => here.has(each));
  }

  private placeOf(input: Input): Place | undefined {
    if (input.kind !== 'record') return undefined;
    const name = partitionName(input.record);
    let place = this.places.get(name);
    if (!place) this.places.set(name, (place = { taken: 0n, left: 0n, round: 0 }));
    return place;
  }

  private noteLeft({ input, place }: Queued): void {
    if (!place || input.kind !== 'record') return;
    const { offset } = input.record;
    // What is delivered again comes after what waits.
    if (place.round === this.round && place.left <= offset) return;
    place.round = this.round;
    place.left = offset;
  }

  /** Where each partition will stand: before the first that is left, else after the last that was taken. */
  private reach(): Taken['reach'] {
    const reached = new Map<string, bigint>();
    for (const [name, { taken, left, round }] of this.places) reached.set(name, round === this.round ? left : taken);
    return (partition) => reached.get(partitionName(partition)) ?? 0n;
  }

  /** Hurries once the patience of the oldest is at its end; the more there is by then, the later that is. */
  private watch(): void {
    const oldest = this.others[0]?.patientSince;
    if (this.urgent || this.patience || oldest === undefined) return;
    const restMs = oldest + this.waits.patientMs(this.size) - performance.now();
    if (restMs <= 0) this.hurry();
    else {
      this.patience = setTimeout(() => {
        this.patience = undefined;
        this.watch();
      }, restMs);
    }
  }

  private hurry(): void {
    this.urgent = true;
    this.wake();
  }

  private forget(gone: readonly Queued[]): void {
    for (const { input, key } of gone) {
      if (key !== undefined) this.gathered.delete(key);
      if (input.kind !== 'record') continue;
      this.records -= 1;
      this.bytes -= bytesOf(input);
    }
    if (this.hasRoom()) for (const resolve of this.drained.splice(0)) resolve();
  }

  private isCrowded(): boolean {
    return this.records > MOST_RECORDS * CROWDED || this.bytes > MOST_BYTES * CROWDED;
  }

  private hasRoom(): boolean {
    return this.records < MOST_RECORDS && this.bytes < MOST_BYTES;
  }
}
