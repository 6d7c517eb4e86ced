import type { TopicPartition } from '../transport/port.js';
import { allAreUrgent, nameOf, type Patience } from './gathering.js';
import type { HeldInput, Input } from './inputs.js';
import { Line } from './line.js';
import { PartitionsAtHand } from './partitions-at-hand.js';
import { partitionName } from '../transport/delivery/partition-name.js';
import { type Arrived, bytesOf, type Group, keyOf, Queued } from './queued.js';
import type { Taken } from './taken.js';

/** Records that may wait in memory before delivery pauses. */
const MOST_RECORDS = 32_000;
/** Bytes of records that may wait in memory before delivery pauses. */
const MOST_BYTES = 64 * 1024 * 1024;
/** With more than this part of them here, those that have waited for longest go. */
const CROWDED = 0.75;

/** Keys of which a patient message is awaited; of more, the oldest are forgotten. */
const MOST_AWAITED = 20_000;

/** Names of patient messages that are awaited now, by key. */
export type Awaited = ReadonlyMap<string, readonly string[]>;

/**
 * What is at hand for the next unit of work, and when that may begin. Thousands of messages may wait for company while
 * others hurry, so whatever is done here looks only at those that it is about.
 */
export class InputQueue {
  private held: HeldInput[] = [];
  /** All others, in the order in which they came. */
  private readonly groups = new Map<Group, Queued[]>();
  /** Those of which something waits no longer. */
  private readonly hurried = new Set<Group>();
  private readonly waiting = new Line<Queued>(({ isWaiting }) => !isWaiting);
  private readonly partitions = new PartitionsAtHand();
  private count = 0;
  private arrived = 0;
  private records = 0;
  private bytes = 0;
  /** True once something is here that waits no longer. */
  private urgent = false;
  /** Runs while all that is here may wait. */
  private timer: NodeJS.Timeout | undefined;
  private filled: (() => void) | undefined;
  private drained: (() => void)[] = [];
  /** Names of those here that wait for their set, by key. */
  private readonly gathered = new Map<string, Set<string>>();
  private readonly awaited = new Map<string, readonly string[]>();

  constructor(private readonly waits: Patience = allAreUrgent) {}

  get size(): number {
    return this.held.length + this.count;
  }

  push(inputs: readonly Input[]): void {
    const now = performance.now();
    for (const input of inputs) {
      if (input.kind === 'held') this.held.push(input);
      else this.add(input, now);
    }
    if (this.hurried.size > 0 || this.held.length > 0 || this.isCrowded()) this.hurry();
    else this.watch();
  }

  /** Lets these messages wait no longer: those that are here, and those that come. */
  expedite(awaited: Awaited): void {
    for (const [key, names] of awaited) {
      this.awaited.set(key, names);
      for (const queued of this.groups.get(key) ?? []) {
        if (queued.isWaiting && !this.isPatient(queued.input, key)) this.hasten(queued);
      }
    }
    for (const key of this.awaited.keys()) {
      if (this.awaited.size <= MOST_AWAITED) break;
      this.awaited.delete(key);
    }
    if (this.hurried.size > 0) this.hurry();
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
    const due = this.due(all ? this.groups.keys() : this.dueGroups());
    const chosen = due.splice(0, most - held.length);
    const inputs = chosen.map(({ input }) => input);
    for (const { partition, offset } of chosen) partition?.take(offset);
    this.remove(chosen);
    this.hurried.clear();
    // Left because of the number alone, they wait no longer.
    for (const queued of due) this.hasten(queued);
    this.urgent = due.length > 0 || this.held.length > 0;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.urgent) this.watch();
    return { inputs: [...held, ...inputs], reach: this.partitions.reach() };
  }

  /** Drops records of partitions that are delivered again from another place, or by somebody else. */
  drop(partitions: readonly TopicPartition[]): void {
    const names = new Set(partitions.map(partitionName));
    const isDropped = ({ input }: Queued) => input.kind === 'record' && names.has(partitionName(input.record));
    this.remove([...this.groups.values()].flatMap((group) => group.filter(isDropped)));
    for (const partition of partitions) this.partitions.forget(partition);
  }

  private add(input: Arrived, now: number): void {
    const key = keyOf(input);
    const group = key ?? Symbol();
    const partition = input.kind === 'record' ? this.partitions.of(input.record) : undefined;
    const queued = new Queued(input, group, this.arrived, now, this.isPatient(input, key), partition);
    partition?.add(queued);
    const known = this.groups.get(group);
    if (known) known.push(queued);
    else this.groups.set(group, [queued]);
    if (queued.isWaiting) this.waiting.push(queued);
    else this.hurried.add(group);
    this.arrived += 1;
    this.count += 1;
    if (input.kind !== 'record') return;
    this.records += 1;
    this.bytes += bytesOf(input);
  }

  /**
   * What waits no longer: all of the keys of what never did; and when the patience of the oldest has come to its end, or
   * the room for those that wait, of those that have waited for half as long, so that they go in large companies.
   */
  private dueGroups(): Iterable<Group> {
    const groups = new Set(this.hurried);
    const now = performance.now();
    const oldest = this.waiting.first;
    if (!oldest) return groups;
    const age = now - oldest.since;
    const patience = this.patience();
    if (age < patience) return groups;
    const least = (this.isCrowded() ? age : patience) / 2;
    for (const { group, since } of this.waiting) {
      if (now - since < least) break;
      groups.add(group);
    }
    return groups;
  }

  /** All that is here of some groups, in the order in which it came. */
  private due(groups: Iterable<Group>): Queued[] {
    const due: Queued[] = [];
    for (const group of groups) due.push(...(this.groups.get(group) ?? []));
    return due.sort((a, b) => a.number - b.number);
  }

  private hasten(queued: Queued): void {
    queued.isWaiting = false;
    this.hurried.add(queued.group);
  }

  private isPatient(input: Arrived, key: string | undefined): boolean {
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

  /** Hurries once the patience of the oldest is at its end; the more there is by then, the later that is. */
  private watch(): void {
    const oldest = this.waiting.first;
    if (this.urgent || this.timer || !oldest) return;
    const restMs = oldest.since + this.patience() - performance.now();
    if (restMs <= 0) this.hurry();
    else {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.watch();
      }, restMs);
    }
  }

  /** How long who came first may wait, milliseconds. */
  private patience(): number {
    return this.isCrowded() ? 0 : this.waits.patientMs(this.size);
  }

  private hurry(): void {
    this.urgent = true;
    this.wake();
  }

  private remove(gone: readonly Queued[]): void {
    const groups = new Set<Group>();
    for (const queued of gone) {
      const { input, group } = queued;
      queued.go();
      groups.add(group);
      this.count -= 1;
      if (typeof group === 'string') this.gathered.delete(group);
      if (input.kind !== 'record') continue;
      this.records -= 1;
      this.bytes -= bytesOf(input);
    }
    for (const group of groups) this.removeFrom(group);
    if (this.hasRoom()) for (const resolve of this.drained.splice(0)) resolve();
  }

  private removeFrom(group: Group): void {
    const left = this.groups.get(group)?.filter(({ isGone }) => !isGone) ?? [];
    if (left.length > 0) this.groups.set(group, left);
    else this.groups.delete(group);
    if (left.every(({ isWaiting }) => isWaiting)) this.hurried.delete(group);
  }

  private isCrowded(): boolean {
    return this.records > MOST_RECORDS * CROWDED || this.bytes > MOST_BYTES * CROWDED;
  }

  private hasRoom(): boolean {
    return this.records < MOST_RECORDS && this.bytes < MOST_BYTES;
  }
}
