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

/** A test that says no to more than this would never end. */
const MOST_QUESTIONS = 10;

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
  /** Called when an assignment was not taken, before it is offered again. */
  onRejected: () => void | Promise<void> = () => undefined;
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

  /** Loses a topic and makes it again, without its records; who reads it is asked anew where to begin. */
  async makeAnew(topic: string): Promise<void> {
    this.logs.delete(topic);
    for (const member of this.members.filter(({ stopped }) => !stopped)) {
      const { subscription } = member;
      subscription.onRevoked(subscription.topics.map((name) => ({ topic: name, partition: 0 })));
      await this.assign(member);
    }
  }

  /** What consumers asked for, those that have stopped included. */
  get subscriptions(): readonly Subscription[] {
    return this.members.map(({ subscription }) => subscription);
  }

  async subscribe(subscription: Subscription): Promise<Consumer> {
    const member: Member = { subscription, next: new Map(), stopped: false };
    await this.assign(member);
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

  /** Asks where to begin, as often as that is rejected. */
  private async assign({ subscription, next }: Member): Promise<void> {
    for (let asked = 1; ; asked += 1) {
      const ends = subscription.topics.map((topic) => ({
        topic,
        partition: 0,
        first: 0n,
        offset: BigInt(this.logs.get(topic)?.length ?? 0),
        partitions: 1,
      }));
      try {
        for (const { topic, offset } of await subscription.onAssigned(ends)) next.set(topic, Number(offset));
        return;
      } catch (error) {
        if (asked === MOST_QUESTIONS) throw error;
        await this.onRejected();
      }
    }
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
