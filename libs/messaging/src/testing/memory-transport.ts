import type { TopicDeclaration } from '@baton/contracts';
import type {
  Consumer,
  IncomingRecord,
  OutgoingRecord,
  PartitionOffset,
  Subscription,
  Transport,
} from '../transport/port.js';

/**
 * What is made of a record is shared by all services of a process: here it is frozen, so that a reaction fails that
 * changes what others see.
 */
class FrozenReading implements IncomingRecord {
  readonly topic: string;
  readonly partition = 0;
  readonly timestamp = Date.UTC(2026, 0, 1);
  readonly key: string | undefined;
  readonly headers: IncomingRecord['headers'];
  readonly value: Buffer | undefined;
  #reading: unknown;

  constructor(
    { topic, key, headers, value }: Delivered,
    readonly offset: bigint,
  ) {
    this.topic = topic;
    this.key = key;
    this.headers = headers;
    this.value = value;
  }

  get reading(): unknown {
    return this.#reading;
  }

  set reading(reading: unknown) {
    this.#reading = frozen(reading);
  }
}

const frozen = <Value>(value: Value): Value => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
};

type Delivered = Omit<OutgoingRecord, 'key'> & { readonly key: string | undefined };

interface Member {
  readonly subscription: Subscription;
  readonly next: Map<string, number>;
  stopped: boolean;
}

/** A transport in memory whose faults a test decides: one partition a topic, every subscriber gets everything. */
export class MemoryTransport implements Transport {
  readonly records: OutgoingRecord[] = [];
  /** Set to make publishing fail, or never end. */
  beforePublish: () => Promise<void> = () => Promise.resolve();
  private readonly logs = new Map<string, IncomingRecord[]>();
  private readonly members: Member[] = [];

  ensureTopics(_topics: readonly TopicDeclaration[]): Promise<void> {
    return Promise.resolve();
  }

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    await this.beforePublish();
    this.records.push(...records);
    this.deliver(records);
  }

  /** Puts records into their topics without counting them as published by the code under test. */
  deliver(records: readonly Delivered[]): void {
    for (const record of records) {
      const log = this.logs.get(record.topic) ?? [];
      this.logs.set(record.topic, log);
      log.push(new FrozenReading(record, BigInt(log.length)));
    }
    for (const member of this.members) this.feed(member);
  }

  /** Delivers a topic once more, as after a rebalance that lost its offsets. */
  repeat(topic: string): void {
    for (const member of this.members) {
      member.next.set(topic, 0);
      this.feed(member);
    }
  }

  /** What consumers asked for, those that have stopped included. */
  get subscriptions(): readonly Subscription[] {
    return this.members.map(({ subscription }) => subscription);
  }

  async subscribe(subscription: Subscription): Promise<Consumer> {
    const member: Member = { subscription, next: new Map(), stopped: false };
    const ends = subscription.topics.map((topic) => ({
      topic,
      partition: 0,
      offset: BigInt(this.logs.get(topic)?.length ?? 0),
    }));
    for (const { topic, offset } of await subscription.onAssigned(ends)) member.next.set(topic, Number(offset));
    this.members.push(member);
    this.feed(member);
    return {
      commit: () => Promise.resolve(),
      seek: ({ topic, offset }: PartitionOffset) => {
        member.next.set(topic, Number(offset));
        queueMicrotask(() => this.feed(member));
      },
      lag: () =>
        Promise.resolve(
          subscription.topics.map((topic) => {
            const offset = BigInt(member.next.get(topic) ?? 0);
            return { topic, partition: 0, offset, lag: BigInt(this.logs.get(topic)?.length ?? 0) - offset };
          }),
        ),
      healthy: true,
      stop: () => {
        member.stopped = true;
        return Promise.resolve();
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private feed(member: Member): void {
    if (member.stopped) return;
    for (const topic of member.subscription.topics) {
      const log = this.logs.get(topic) ?? [];
      const from = member.next.get(topic) ?? 0;
      if (from >= log.length) continue;
      member.next.set(topic, log.length);
      void member.subscription.onRecords(log.slice(from));
    }
  }
}
