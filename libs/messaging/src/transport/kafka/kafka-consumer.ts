import { setTimeout as sleep } from 'node:timers/promises';
import type { EachBatchPayload } from 'kafkajs';
import { Backoff } from '../delivery/backoff.js';
import type { Lane } from '../delivery/lane.js';
import { Lanes } from '../delivery/lanes.js';
import type { Outage } from '../delivery/outage.js';
import { partitionName } from '../delivery/partition-name.js';
import type { Consumer, IncomingRecord, PartitionOffset, Subscription, TopicPartition } from '../port.js';
import type { KafkaAdmin } from './kafka-admin.js';
import { isPermanent } from './kafka-errors.js';
import type { KafkaSettings } from './kafka-options.js';
import type { FetchingNeighbour } from './kafka-producer.js';
import { incoming } from './kafka-records.js';
import { type Fetch, KafkaSession } from './kafka-session.js';
import { Pace } from './pace.js';

/**
 * A member of a consumer group that never gives up: when its session with the cluster ends, it begins another one.
 *
 * kafkajs' fetch loop never waits for `onRecords`: batches go into lanes at once, and a lane that is full is paused, so
 * that heartbeats go on and one slow partition holds up no other.
 */
export class KafkaConsumer implements Consumer, FetchingNeighbour {
  readonly #lanes: Lanes;
  readonly #pace = new Pace();
  /** Where kafkajs fetches each lane's partition next. A lane is beyond that once something was handed over to it. */
  readonly #asked = new Map<Lane, bigint>();
  readonly #stopping = new AbortController();
  readonly #part: string;
  readonly #running: Promise<void>;
  #session: KafkaSession | undefined;
  #generation = 0;
  #healthy = true;
  /** True once all that was assigned is read, or nothing was. */
  #reading = false;
  #heard = performance.now();

  constructor(
    private readonly subscription: Subscription,
    private readonly settings: KafkaSettings,
    private readonly admin: KafkaAdmin,
    private readonly outage: Outage,
  ) {
    this.#part = `group ${subscription.group}`;
    this.#lanes = new Lanes(subscription, settings.limits, settings.logger, (lane) => this.#session?.resume([lane]));
    this.#running = this.#supervise();
  }

  get healthy(): boolean {
    return this.#healthy && performance.now() - this.#heard <= this.settings.stuckAfterMs;
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    const held = offsets.filter((offset) => this.#lanes.get(offset) !== undefined);
    if (held.length > 0) await this.#session?.commit(held);
  }

  seek(offset: PartitionOffset): void {
    const lane = this.#lanes.get(offset);
    if (lane === undefined) return;
    lane.seek(offset.offset);
    this.#ask(lane);
    this.#session?.resume([offset]);
  }

  expect(topics: ReadonlySet<string>): void {
    this.#pace.writes(
      this.subscription.topics.filter((topic) => topics.has(topic)),
      performance.now(),
    );
  }

  lost(partition: TopicPartition): void {
    const lane = this.#lanes.get(partition);
    if (lane !== undefined) this.#askAnew(lane, lane.tail);
  }

  offer(records: readonly IncomingRecord[]): void {
    const known = this.#lanes.offer(records);
    if (known > 0) this.#pace.fetchedOwn(known);
  }

  async lag(): Promise<readonly (PartitionOffset & { readonly lag: bigint })[]> {
    const lanes = this.#lanes.all();
    const ends = new Map((await this.admin.ends(lanes)).map((end) => [partitionName(end), end.offset]));
    return lanes.map(({ topic, partition, next }) => {
      const end = ends.get(partitionName({ topic, partition })) ?? next;
      return { topic, partition, offset: next, lag: end > next ? end - next : 0n };
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#lanes.stop();
    this.#session?.stop();
    await this.#running;
  }

  async #supervise(): Promise<void> {
    const backoff = new Backoff(200, 3_000);
    while (!this.#stopping.signal.aborted) {
      const session = new KafkaSession(this.subscription, this.settings, {
        joined: (partitions) => this.#joined(partitions),
        left: () => this.#left(),
        beforeFetch: (broker) => this.#beforeFetch(broker),
        batch: (payload) => this.#batch(payload),
        passed: (begin, end) => this.#passed(begin, end),
        heard: () => {
          if (this.#reading) this.#heard = performance.now();
        },
      });
      this.#session = session;
      const error = await session.run();
      this.#left();
      if (this.#stopping.signal.aborted) break;
      this.#healthy = !isPermanent(error);
      this.outage.failed(this.#part, error);
      if (session.hasJoined) backoff.reset();
      await backoff.pause(this.#stopping.signal);
    }
    this.#session = undefined;
  }

  #left(): void {
    this.#generation += 1;
    this.#reading = false;
    const lost = this.#lanes.partitions();
    if (lost.length === 0) return;
    this.#lanes.close(lost);
    this.#asked.clear();
    if (!this.#stopping.signal.aborted) this.subscription.onRevoked(lost);
  }

  /** Runs before the first fetch of the new assignment, and pauses it until its offsets are known and sought. */
  #joined(partitions: readonly TopicPartition[]): void {
    this.#left();
    this.#healthy = true;
    this.outage.works(this.#part);
    this.#reading = partitions.length === 0;
    if (partitions.length === 0 || this.#stopping.signal.aborted) return;
    this.#session?.pause(partitions);
    void this.#begin(this.#generation, partitions);
  }

  async #begin(generation: number, partitions: readonly TopicPartition[]): Promise<void> {
    const current = (): boolean => generation === this.#generation && !this.#stopping.signal.aborted;
    const states = () => this.admin.states(this.subscription.group, partitions);
    const answered = await this.#lanes.askBeginning(states, current, this.#stopping.signal, this.outage);
    if (!current()) return;
    for (const begin of answered) this.#ask(this.#lanes.open(begin));
    this.#session?.resume(partitions);
    this.#reading = true;
  }

  /** Has a lane's partition fetched from its tail on. */
  #ask(lane: Lane): void {
    const { topic, partition, tail: offset } = lane;
    this.#session?.seek({ topic, partition, offset });
    this.#asked.set(lane, offset);
  }

  async #beforeFetch(broker: string): Promise<Fetch> {
    const { pauseMs, ...fetch } = this.#pace.next(broker, performance.now());
    if (pauseMs > 0) await sleep(pauseMs);
    for (const lane of this.#lanes.all()) {
      if (this.#asked.get(lane) !== lane.tail && !fetch.without?.has(lane.topic)) this.#ask(lane);
    }
    return fetch;
  }

  #batch({ batch, isStale, resolveOffset }: EachBatchPayload): void {
    const lane = this.#lanes.get(batch);
    const [first] = batch.messages;
    const last = batch.messages.at(-1);
    // Fetched before a rebalance or a seek: kafkajs fetches again from where it should.
    if (lane === undefined || first === undefined || last === undefined || isStale()) return;
    const asked = this.#asked.get(lane) ?? lane.tail;
    if (BigInt(first.offset) < asked) {
      this.#askAnew(batch, asked);
      return;
    }
    // What was handed over since the fetch began is not read once more.
    const next = batch.messages.findIndex(({ offset }) => BigInt(offset) >= lane.tail);
    const news = next < 0 ? [] : batch.messages.slice(next);
    this.#pace.fetched(batch.topic, news.length);
    const tail = BigInt(batch.lastOffset()) + 1n;
    lane.push(
      news.map((message) => incoming(batch.topic, batch.partition, message)),
      tail,
    );
    resolveOffset(last.offset);
    this.#asked.set(lane, tail);
    if (lane.full) this.#session?.pause([lane]);
  }

  #passed(begin: PartitionOffset, end: bigint): void {
    const lane = this.#lanes.get(begin);
    // Else it was fetched before a seek.
    if (lane === undefined || begin.offset > lane.tail || end <= lane.tail) return;
    lane.push([], end);
    this.#asked.set(lane, end);
  }

  /**
   * The broker has not what was to be read next, and kafkajs went back to the beginning of what there is: the topic was
   * made anew, or has lost its end.
   */
  #askAnew({ topic, partition }: TopicPartition, wanted: bigint): void {
    const { group } = this.subscription;
    const place = { group, topic, partition, offset: String(wanted) };
    this.settings.logger.warn('what was to be read next is not there; where to begin is asked anew', place);
    this.#joined(this.#lanes.partitions());
  }
}
