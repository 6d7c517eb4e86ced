import type { IncomingRecord, PartitionOffset, Subscription, TopicPartition } from '../port.js';
import { partitionName } from './partition-name.js';
import { patiently } from './backoff.js';
import { Lane, type LaneLimits } from './lane.js';
import { messageOf, type TransportLogger } from './logger.js';
import type { Outage } from './outage.js';

/** The lanes of the partitions that one member of a group holds; both adapters deliver through it. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  /** Partitions of which the subscription was asked where they begin, until they do. */
  readonly #asked = new Map<string, TopicPartition>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(
    private readonly subscription: Subscription,
    private readonly limits: LaneLimits,
    private readonly logger: TransportLogger,
    private readonly room: (lane: Lane) => void,
  ) {}

  get(partition: TopicPartition): Lane | undefined {
    return this.#lanes.get(partitionName(partition));
  }

  all(): readonly Lane[] {
    return [...this.#lanes.values()];
  }

  /** The partitions of all lanes, and those that the subscription knows of because it was asked where they begin. */
  partitions(): readonly TopicPartition[] {
    return [...this.#lanes.values(), ...this.#asked.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  /**
   * Takes records of one partition that were written in this process, from the next one on, if that is among them and
   * there is room.
   * @returns how many of them were here already
   */
  offer(records: readonly IncomingRecord[]): number {
    const [first] = records;
    const lane = first && this.get(first);
    if (lane === undefined || first === undefined) return 0;
    const known = Number(lane.tail - first.offset);
    if (known >= 0 && known < records.length && !lane.full) lane.push(records);
    return Math.min(Math.max(known, 0), records.length);
  }

  open(begin: PartitionOffset): Lane {
    const key = partitionName(begin);
    const lane = new Lane(
      begin,
      {
        deliver: (records: readonly IncomingRecord[]) => this.subscription.onRecords(records),
        passed: ({ topic, partition, next: offset }) => this.subscription.onPassed?.({ topic, partition, offset }),
        room: this.room,
        rejected: ({ topic, partition }, offset, error) =>
          this.logger.warn('records were not taken; they are delivered again after a pause', {
            group: this.subscription.group,
            topic,
            partition,
            offset: String(offset),
            reason: messageOf(error),
          }),
      },
      this.limits,
      this.#underWay.get(key) ?? Promise.resolve(),
    );
    this.#lanes.set(key, lane);
    this.#asked.delete(key);
    return lane;
  }

  /**
   * Asks the subscription where the assigned partitions begin, again after a pause when it rejects.
   * @param readStates is called for every question, so that each has the ends of its moment; again while it fails
   * @param current false once the assignment is over; then nobody needs the answer any more
   * @param outage is told whether states can be read
   */
  async askBeginning(
    readStates: () => Promise<readonly PartitionState[]>,
    current: () => boolean,
    signal: AbortSignal,
    outage: Outage,
  ): Promise<readonly PartitionOffset[]> {
    const part = `group ${this.subscription.group}, assignment`;
    const giveUp = (): boolean => !current();
    const ask = async (): Promise<readonly PartitionOffset[]> => {
      const onFailure = (error: unknown): void => outage.failed(part, error);
      const states = await patiently(readStates, { giveUp, onFailure, signal });
      outage.works(part);
      if (!current()) return [];
      const ends = states.map(({ topic, partition, first, end, partitions }) => ({
        topic,
        partition,
        first,
        offset: end,
        partitions,
      }));
      for (const end of ends) this.#asked.set(partitionName(end), end);
      const answers = await this.subscription.onAssigned(ends);
      const answered = new Map(answers.map((answer) => [partitionName(answer), answer.offset]));
      return states.map((state) => ({
        topic: state.topic,
        partition: state.partition,
        offset: beginning(state, answered.get(partitionName(state))),
      }));
    };
    return patiently(ask, {
      giveUp,
      onFailure: (error) =>
        this.logger.warn('an assignment was not taken; it is offered again after a pause', {
          group: this.subscription.group,
          reason: messageOf(error),
        }),
      signal,
    }).catch(() => []);
  }

  /** Takes partitions away; calls under way go on, and a later lane of the partition waits for them. */
  close(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const key = partitionName(partition);
      this.#asked.delete(key);
      const lane = this.#lanes.get(key);
      if (lane === undefined) continue;
      lane.close();
      this.#lanes.delete(key);
      const settled = lane.settled().then(() => {
        if (this.#underWay.get(key) === settled) this.#underWay.delete(key);
      });
      this.#underWay.set(key, settled);
    }
  }

  /** Ends delivery and waits for the calls under way. */
  async stop(): Promise<void> {
    const lanes = this.all();
    for (const lane of lanes) lane.close();
    await Promise.all([...lanes.map((lane) => lane.settled()), ...this.#underWay.values()]);
  }
}

/** What the transport knows of a partition at the moment of an assignment. */
export interface PartitionState extends TopicPartition {
  /** The first offset that is still kept. */
  readonly first: bigint;
  /** The offset that the next record will get. */
  readonly end: bigint;
  readonly committed: bigint | undefined;
  /** How many partitions its topic has. */
  readonly partitions: number;
}

/**
 * Where delivery of an assigned partition begins: at the answered offset, else the committed one, else the beginning.
 * An offset that the transport does not have (removed by retention, or beyond the end after the topic was made anew)
 * becomes the beginning: delivering again is safe, leaving out is not.
 */
export function beginning(state: PartitionState, answered: bigint | undefined): bigint {
  const wanted = answered ?? state.committed ?? state.first;
  return wanted < state.first || wanted > state.end ? state.first : wanted;
}
