import type pg from 'pg';
import type { Consumer, IncomingRecord, PartitionOffset, TopicPartition, Transport } from '../transport/port.js';
import { runOn, withClient } from './connection.js';
import type { PipelineLog } from './log.js';
import { patiently } from './patience.js';
import { partitionName, positionsOf } from './positions.js';
import type { InputQueue } from './queue.js';

/** What a service's consumption of topics is made of. */
export interface ConsumptionParts {
  readonly pool: pg.Pool;
  readonly transport: Transport;
  readonly queue: InputQueue;
  readonly log: PipelineLog;
  readonly signal: AbortSignal;
}

/**
 * Where one process stands in the partitions that it was assigned. The positions in the service's database are what
 * counts; the transport's own offsets are written for its tools alone.
 */
export class Consumption {
  private readonly standing = new Map<string, PartitionOffset>();
  /** End offsets at assignment that are not reached yet. */
  private readonly behind = new Map<string, bigint>();
  private readonly uncommitted = new Map<string, PartitionOffset>();
  private consumer: Consumer | undefined;
  private hasTopics = true;

  constructor(private readonly parts: ConsumptionParts) {}

  /** Joins the group; a service that reacts to no event has nothing to consume. */
  async start(group: string, topics: readonly string[]): Promise<void> {
    this.hasTopics = topics.length > 0;
    if (!this.hasTopics) return;
    this.consumer = await this.parts.transport.subscribe({
      group,
      topics,
      onAssigned: (ends) => this.onAssigned(ends),
      onRevoked: (partitions) => this.onRevoked(partitions),
      onRecords: (records) => this.onRecords(records),
    });
  }

  /**
   * True once the end offsets that were seen at assignment are reached: until then, deadlines wait. Who holds no
   * partition hears nothing, and so cannot say that something was not heard in time.
   */
  get caughtUp(): boolean {
    return !this.hasTopics || (this.standing.size > 0 && this.behind.size === 0);
  }

  get healthy(): boolean {
    return this.consumer?.healthy ?? true;
  }

  /** Where this process believes it stands in a partition. */
  readonly expected = (partition: TopicPartition): bigint => this.standing.get(partitionName(partition))?.offset ?? 0n;

  /** A unit of work has moved the positions. */
  moved(positions: readonly PartitionOffset[]): void {
    for (const position of positions) {
      const name = partitionName(position);
      if (!this.standing.has(name)) continue;
      this.standing.set(name, position);
      this.uncommitted.set(name, position);
      this.reached(position);
    }
  }

  /** The database was set back: reads again from where it stands. */
  rewind(positions: readonly PartitionOffset[]): void {
    if (positions.length === 0) return;
    this.parts.log.warn('The database was set back; its partitions are read again from there', {
      partitions: positions.map((position) => `${partitionName(position)}@${position.offset}`),
    });
    this.parts.queue.drop(positions);
    for (const position of positions) {
      this.standing.set(partitionName(position), position);
      this.consumer?.seek(position);
    }
  }

  /** Tells the transport how far the service is. That this fails is no matter. */
  async commitOffsets(): Promise<void> {
    const offsets = [...this.uncommitted.values()];
    this.uncommitted.clear();
    if (offsets.length > 0) await this.consumer?.commit(offsets).catch(() => undefined);
  }

  /** Records that wait, by topic. */
  async lag(): Promise<ReadonlyMap<string, number>> {
    const lags = new Map<string, number>();
    for (const { topic, partition, offset, lag } of (await this.consumer?.lag()) ?? []) {
      const end = offset + lag;
      const standing = this.standing.get(partitionName({ topic, partition }))?.offset ?? offset;
      lags.set(topic, (lags.get(topic) ?? 0) + Number(end > standing ? end - standing : 0n));
    }
    return lags;
  }

  async stop(): Promise<void> {
    await this.consumer?.stop();
  }

  private async onAssigned(ends: readonly PartitionOffset[]): Promise<readonly PartitionOffset[]> {
    const { queue, log, signal, pool } = this.parts;
    queue.drop(ends);
    const positions = await patiently('The database', log, signal, () =>
      withClient(pool, (client) => positionsOf(runOn(client), ends)),
    );
    for (const position of positions) this.standing.set(partitionName(position), position);
    for (const end of ends) this.behind.set(partitionName(end), end.offset);
    for (const position of positions) this.reached(position);
    return positions;
  }

  private onRevoked(partitions: readonly TopicPartition[]): void {
    this.parts.queue.drop(partitions);
    for (const name of partitions.map(partitionName)) {
      this.standing.delete(name);
      this.behind.delete(name);
      this.uncommitted.delete(name);
    }
  }

  private async onRecords(records: readonly IncomingRecord[]): Promise<void> {
    const { queue } = this.parts;
    queue.push(records.map((record) => ({ kind: 'record', record })));
    await queue.room();
  }

  private reached(position: PartitionOffset): void {
    const name = partitionName(position);
    const end = this.behind.get(name);
    if (end !== undefined && position.offset >= end) this.behind.delete(name);
  }
}
