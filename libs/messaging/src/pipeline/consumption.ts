import type pg from 'pg';
import type {
  AssignedPartition,
  Consumer,
  IncomingRecord,
  PartitionOffset,
  Reading,
  TopicPartition,
  Transport,
} from '../transport/port.js';
import { runOn, withClient } from './connection.js';
import type { PipelineLog } from './log.js';
import { MadeAnew } from './made-anew.js';
import { patiently } from './patience.js';
import { pipelineMetrics } from '../telemetry/metrics.js';
import { isOwnKey } from './own-keys.js';
import { skipPositions } from './positions.js';
import { partitionName } from '../transport/delivery/partition-name.js';
import type { InputQueue } from './queue.js';
import { Waiting } from './waiting.js';

/** What a service's consumption of topics is made of. */
export interface ConsumptionParts {
  readonly pool: pg.Pool;
  readonly transport: Transport;
  readonly queue: InputQueue;
  readonly log: PipelineLog;
  readonly signal: AbortSignal;
}

/** What of a topic a process has not handled: how many records, and for how many seconds the oldest has waited. */
export interface Lag {
  readonly records: number;
  readonly age: number;
}

/**
 * Where one process stands in the partitions that it was assigned. The positions in the service's database are what
 * counts; the transport's own offsets are written for its tools alone.
 */
export class Consumption {
  private readonly standing = new Map<string, PartitionOffset>();
  /** A mark of the assignment that each partition came with, its own. */
  private readonly assigned = new Map<string, symbol>();
  /** How many partitions topics have, as of their last assignment. */
  private readonly counts = new Map<string, number>();
  /** The offset after the last record that was seen, heard or passed over. */
  private readonly seen = new Map<string, bigint>();
  /** End offsets at assignment that are not reached yet. */
  private readonly behind = new Map<string, bigint>();
  private readonly uncommitted = new Map<string, PartitionOffset>();
  private readonly waiting = new Waiting();
  private readonly madeAnew = new MadeAnew();
  private consumer: Consumer | undefined;
  private hasTopics = true;
  private isPassedOver: (record: IncomingRecord) => boolean = () => false;

  constructor(private readonly parts: ConsumptionParts) {}

  /**
   * Joins the group; a service that reacts to no event has nothing to consume.
   * @param isPassedOver true for records that nobody here reacts to
   */
  async start(reading: Reading, isPassedOver: (record: IncomingRecord) => boolean): Promise<void> {
    this.isPassedOver = isPassedOver;
    this.hasTopics = reading.topics.length > 0;
    if (!this.hasTopics) return;
    this.consumer = await this.parts.transport.subscribe({
      ...reading,
      onAssigned: (ends) => this.onAssigned(ends),
      onRevoked: (partitions) => this.onRevoked(partitions),
      onRecords: (records) => this.onRecords(records),
      onPassed: (reached) => this.onPassed(reached),
    });
  }

  /**
   * True once the end offsets that were seen at assignment are reached: until then, deadlines wait. Who holds no
   * partition hears nothing, and so cannot say that something was not heard in time.
   */
  get caughtUp(): boolean {
    return !this.hasTopics || (this.standing.size > 0 && this.behind.size === 0);
  }

  /**
   * True for the keys whose deadlines are this process' to fire now. A deadline says that something was not heard, and
   * of a key one process hears: another one, however far it has read, would speak of what waits to be read there. A
   * service without topics hears nothing that could be late, so each of its processes fires all.
   */
  ownership(): (key: string) => boolean {
    if (!this.hasTopics) return () => true;
    return this.caughtUp ? isOwnKey([...this.standing.values()], this.counts) : () => false;
  }

  get healthy(): boolean {
    return this.consumer?.healthy ?? true;
  }

  /**
   * Where this process believes at this moment that it stands, for what is taken from the queue now. Once the partition
   * is another's, or its topic another one, what was taken must not count as being of it.
   */
  expectation(): (partition: TopicPartition) => bigint {
    const standing = new Map(this.standing);
    return (partition) => standing.get(partitionName(partition))?.offset ?? 0n;
  }

  /** A unit of work has moved the positions. */
  moved(positions: readonly PartitionOffset[]): void {
    for (const position of positions) {
      const name = partitionName(position);
      if (!this.standing.has(name)) continue;
      this.standing.set(name, position);
      this.uncommitted.set(name, position);
      this.waiting.reached(name, position.offset);
      this.reached(name);
    }
  }

  /**
   * Moves the positions of partitions where all that was seen since is passed over. No unit of work is made for such
   * records: the next one that has something of the partition to do moves over them, or this does from time to time,
   * so that a restart need not read them again. It does nothing where a unit of work came first.
   */
  async passOver(): Promise<void> {
    const passed = [...this.standing].flatMap(([name, { topic, partition, offset }]) => {
      const reached = this.reachedOf(name) ?? offset;
      return reached > offset ? [{ topic, partition, offset, reached }] : [];
    });
    if (passed.length === 0) return;
    const moved = await withClient(this.parts.pool, (client) => skipPositions(runOn(client), passed));
    this.moved(moved);
  }

  /** The database was set back: reads again from where it stands. */
  rewind(behind: readonly PartitionOffset[]): void {
    // What is not held, or was assigned anew in the meantime, is read from there already.
    const positions = behind.filter(
      (position) => position.offset < (this.standing.get(partitionName(position))?.offset ?? 0n),
    );
    if (positions.length === 0) return;
    this.parts.log.warn('The database was set back; its partitions are read again from there', {
      partitions: placesOf(positions),
    });
    this.parts.queue.drop(positions);
    for (const position of positions) {
      const name = partitionName(position);
      this.standing.set(name, position);
      this.forget(name);
      this.consumer?.seek(position);
    }
  }

  /** Tells the transport how far the service is. That this fails is no matter. */
  async commitOffsets(): Promise<void> {
    const offsets = [...this.uncommitted.values()];
    this.uncommitted.clear();
    if (offsets.length > 0) await this.consumer?.commit(offsets).catch(() => undefined);
  }

  /** What waits, by topic. */
  async lag(): Promise<ReadonlyMap<string, Lag>> {
    const lags = new Map<string, Lag>();
    const now = Date.now();
    for (const { topic, partition, offset, lag } of (await this.consumer?.lag()) ?? []) {
      const end = offset + lag;
      const name = partitionName({ topic, partition });
      const standing = this.reachedOf(name) ?? offset;
      const isBehind = end > standing;
      const { records, age } = lags.get(topic) ?? { records: 0, age: 0 };
      lags.set(topic, {
        records: records + Number(isBehind ? end - standing : 0n),
        age: Math.max(age, this.waiting.age(name, standing, isBehind, now)),
      });
    }
    return lags;
  }

  async stop(): Promise<void> {
    await this.consumer?.stop();
  }

  /** @throws where a position lies beyond its end and newer ends have to tell why; the transport asks again then */
  private async onAssigned(ends: readonly AssignedPartition[]): Promise<readonly PartitionOffset[]> {
    const { queue, log, signal, pool } = this.parts;
    queue.drop(ends);
    const mark = Symbol('assignment');
    for (const end of ends) this.assigned.set(partitionName(end), mark);
    const { positions, setBack, unclear } = await patiently('The database', log, signal, () =>
      withClient(pool, (client) => this.madeAnew.find(runOn(client), ends)),
    );
    if (setBack.length > 0) {
      log.warn(
        'Topics were made anew: what they say now is handled from its beginning; what had been published before and was not read is gone',
        { partitions: placesOf(setBack) },
      );
    }
    const removed = removedOf(positions, ends);
    if (removed.length > 0) {
      log.warn('What was published was removed, by its retention, before it was read', { partitions: removed });
    }
    if (unclear.length > 0) {
      const places = placesOf(unclear).join(', ');
      throw new Error(`Positions lie beyond the ends; newer ends tell whether the topics were made anew: ${places}`);
    }
    // What was taken away meanwhile is another's, or was assigned anew and is asked about once more.
    const isHeld = (partition: TopicPartition): boolean => this.assigned.get(partitionName(partition)) === mark;
    for (const position of positions.filter(isHeld)) this.standing.set(partitionName(position), position);
    for (const end of ends.filter(isHeld)) {
      const name = partitionName(end);
      this.counts.set(end.topic, end.partitions);
      this.behind.set(name, end.offset);
      this.forget(name);
      // What is past its retention comes no more, and counts as passed over.
      this.seen.set(name, end.first);
      this.reached(name);
    }
    return positions;
  }

  private onRevoked(partitions: readonly TopicPartition[]): void {
    this.parts.queue.drop(partitions);
    for (const name of partitions.map(partitionName)) {
      const position = this.standing.get(name);
      if (position) this.madeAnew.remember(position);
      this.assigned.delete(name);
      this.standing.delete(name);
      this.behind.delete(name);
      this.uncommitted.delete(name);
      this.forget(name);
    }
  }

  /** Records of one partition. */
  private async onRecords(records: readonly IncomingRecord[]): Promise<void> {
    const last = records.at(-1);
    if (last === undefined) return;
    const { queue } = this.parts;
    const name = partitionName(last);
    const heard = records.filter((record) => !this.isPassedOver(record));
    this.seen.set(name, last.offset + 1n);
    this.waiting.add(name, heard);
    const passed = records.length - heard.length;
    if (passed > 0) pipelineMetrics.messages.add(passed, { name: 'unheard', outcome: 'unheard' });
    this.reached(name);
    queue.push(heard.map((record) => ({ kind: 'record', record })));
    await queue.room();
  }

  private onPassed(reached: PartitionOffset): void {
    const name = partitionName(reached);
    this.seen.set(name, reached.offset);
    this.reached(name);
  }

  /** What was delivered of a partition counts no more: it comes again from elsewhere, or to somebody else. */
  private forget(name: string): void {
    this.seen.delete(name);
    this.waiting.forget(name);
  }

  /** How far everything was handled or passed over; undefined for a partition that is not held. */
  private reachedOf(name: string): bigint | undefined {
    const offset = this.standing.get(name)?.offset;
    if (offset === undefined || this.waiting.has(name)) return offset;
    const seen = this.seen.get(name) ?? 0n;
    return seen > offset ? seen : offset;
  }

  private reached(name: string): void {
    const end = this.behind.get(name);
    if (end !== undefined && (this.reachedOf(name) ?? 0n) >= end) this.behind.delete(name);
  }
}

/** What lies between positions and the first offsets that are left, for people; who stands at 0 may never have read. */
const removedOf = (positions: readonly PartitionOffset[], ends: readonly AssignedPartition[]): readonly string[] => {
  const firsts = new Map(ends.map((end) => [partitionName(end), end.first]));
  return positions.flatMap((position) => {
    const name = partitionName(position);
    const first = firsts.get(name) ?? 0n;
    return position.offset > 0n && position.offset < first ? [`${name}@${position.offset}..${first}`] : [];
  });
};

/** Positions for people. */
const placesOf = (positions: readonly PartitionOffset[]): readonly string[] =>
  positions.map((position) => `${partitionName(position)}@${position.offset}`);
