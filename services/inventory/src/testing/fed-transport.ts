import type { Event } from '@baton/contracts';
import {
  type Consumer,
  encode,
  type IncomingRecord,
  type OutgoingRecord,
  type Subscription,
  type Transport,
} from '@baton/messaging';

/** A transport of one partition a topic that a test feeds, and that remembers what was published. */
export class FedTransport implements Transport {
  readonly published: OutgoingRecord[] = [];
  private readonly ends = new Map<string, bigint>();
  private subscription: Subscription | undefined;

  /** @param partition number of the partition, other than that of every other process on the same database */
  constructor(private readonly partition = 0) {}

  /** Names and data of what was published about an order, in order. */
  saidOf(orderId: string): readonly { readonly name: string; readonly data: unknown }[] {
    return this.published
      .filter(({ key }) => key === orderId)
      .map(({ headers, value }) => ({
        name: headers['ce_type']?.split('.')[2] ?? '',
        data: JSON.parse(value.toString('utf8')) as unknown,
      }));
  }

  /** Delivers events, all at once. */
  async feed(events: readonly Event[]): Promise<void> {
    const { subscription } = this;
    if (!subscription) throw new Error('Nobody has subscribed yet.');
    const byTopic = Map.groupBy(
      events.map((event) => encode(event, event.time, {})),
      ({ topic }) => topic,
    );
    await Promise.all(
      [...byTopic].map(([topic, records]) => subscription.onRecords(records.map((each) => this.place(topic, each)))),
    );
  }

  ensureTopics(): Promise<void> {
    return Promise.resolve();
  }

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    this.published.push(...records);
    return Promise.resolve();
  }

  async subscribe(subscription: Subscription): Promise<Consumer> {
    const ends = subscription.topics.map((topic) => ({
      topic,
      partition: this.partition,
      first: 0n,
      offset: 0n,
      partitions: this.partition + 1,
    }));
    await subscription.onAssigned(ends);
    this.subscription = subscription;
    return {
      commit: () => Promise.resolve(),
      seek: () => undefined,
      lag: () => Promise.resolve([]),
      healthy: true,
      stop: () => Promise.resolve(),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private place(topic: string, record: OutgoingRecord): IncomingRecord {
    const offset = this.ends.get(topic) ?? 0n;
    this.ends.set(topic, offset + 1n);
    return { ...record, partition: this.partition, offset, timestamp: Date.parse('2026-01-01T00:00:00.000Z') };
  }
}
