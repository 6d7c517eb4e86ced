import { partitionName } from '../delivery/partition-name.js';
import { Backoff } from '../delivery/backoff.js';
import type { Neighbour } from '../delivery/hand-over.js';
import type { LaneLimits } from '../delivery/lane.js';
import { Lanes } from '../delivery/lanes.js';
import type { TransportLogger } from '../delivery/logger.js';
import type { Outage } from '../delivery/outage.js';
import type { Consumer, IncomingRecord, PartitionOffset, Subscription, TopicPartition } from '../port.js';
import { LocalCommits } from './local-commits.js';
import type { LocalDatabase } from './local-database.js';
import { isAway } from './local-errors.js';
import { LocalMembership } from './local-membership.js';
import { fetchChunks, readStates } from './local-reader.js';
import { Signal, type Sleeper, type WakeUps } from './wake-ups.js';

/** How often it looks for records although nobody woke it. */
const IDLE_POLL_MS = 1_000;

export interface LocalConsumerSettings {
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly stuckAfterMs: number;
  readonly limits: LaneLimits;
  readonly logger: TransportLogger;
}

/** A member of a consumer group: one loop that renews its lease, reads what its lanes have room for, and sleeps. */
export class LocalConsumer implements Consumer, Neighbour, Sleeper {
  readonly #lanes: Lanes;
  readonly #membership: LocalMembership;
  readonly #commits: LocalCommits;
  readonly #stopping = new AbortController();
  readonly #signal = new Signal();
  readonly #part: string;
  readonly #running: Promise<void>;
  /** Each claimed partition, with a mark that is its assignment's own. */
  readonly #claimed = new Map<string, symbol>();
  #lookAt = 0;
  #leaseUntil = Number.POSITIVE_INFINITY;
  #healthy = true;
  /** When the database last answered it; it asks at least once a heartbeat, if nothing holds up its loop. */
  #heard = performance.now();

  constructor(
    private readonly subscription: Subscription,
    private readonly settings: LocalConsumerSettings,
    private readonly database: LocalDatabase,
    private readonly wakeUps: WakeUps,
    private readonly outage: Outage,
  ) {
    this.#part = `group ${subscription.group}`;
    this.#lanes = new Lanes(subscription, settings.limits, settings.logger, () => this.#signal.raise());
    this.#membership = new LocalMembership(database, subscription.group, subscription.topics, settings.leaseMs);
    this.#commits = new LocalCommits(database, subscription.group, this.#membership.id);
    wakeUps.add(this);
    this.#running = this.#run();
  }

  get group(): string {
    return this.subscription.group;
  }

  get topics(): readonly string[] {
    return this.subscription.topics;
  }

  get healthy(): boolean {
    return this.#healthy && performance.now() - this.#heard <= this.settings.stuckAfterMs;
  }

  wake(): void {
    this.#signal.raise();
  }

  offer(records: readonly IncomingRecord[]): void {
    const last = records.at(-1);
    const lane = last && this.#lanes.get(last);
    if (lane === undefined || last === undefined) return;
    this.#lanes.offer(records);
    if (lane.tail <= last.offset) this.wake();
  }

  regroup(): void {
    this.#lookAt = 0;
    this.#signal.raise();
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    const held = offsets.filter((offset) => this.#lanes.get(offset) !== undefined);
    if (held.length > 0) await this.#commits.commit(held);
  }

  seek(offset: PartitionOffset): void {
    this.#lanes.get(offset)?.seek(offset.offset);
    this.#signal.raise();
  }

  async lag(): Promise<readonly (PartitionOffset & { readonly lag: bigint })[]> {
    const lanes = this.#lanes.all();
    const states = await readStates(this.database, this.group, lanes);
    const ends = new Map(states.map((state) => [partitionName(state), state.end]));
    return lanes.map(({ topic, partition, next }) => {
      const end = ends.get(partitionName({ topic, partition })) ?? next;
      return { topic, partition, offset: next, lag: end > next ? end - next : 0n };
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#signal.raise();
    this.wakeUps.remove(this);
    await Promise.all([this.#lanes.stop(), this.#running]);
    await this.#commits.idle();
    // Without the database nobody can be told; the lease runs out by itself.
    await this.#membership.leave().catch(() => {});
    await this.wakeUps.regroup(this.group).catch(() => {});
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(100, 3_000);
    while (!this.#stopping.signal.aborted) {
      this.#signal.clear();
      try {
        if (performance.now() >= this.#lookAt) await this.#look();
        const read = await this.#fetch();
        this.#healthy = true;
        this.outage.works(this.#part);
        backoff.reset();
        if (!read) await this.#signal.wait(Math.min(IDLE_POLL_MS, this.#lookAt - performance.now()));
      } catch (error) {
        this.#healthy = isAway(error);
        this.outage.failed(this.#part, error);
        if (performance.now() >= this.#leaseUntil) this.#revoke([...this.#claimed.keys()]);
        await backoff.pause(this.#stopping.signal);
      }
    }
  }

  /** Renews the lease, gives up and takes partitions. */
  async #look(): Promise<void> {
    const started = performance.now();
    this.#lookAt = started + this.settings.heartbeatMs;
    const view = await this.#membership.look();
    this.#leaseUntil = started + this.settings.leaseMs;
    this.#heard = performance.now();
    const kept = new Set(view.expelled ? [] : view.keep.map(partitionName));
    this.#revoke([...this.#claimed.keys()].filter((key) => !kept.has(key)));
    if (view.release.length > 0) await this.#membership.release(view.release);
    if (view.changed || view.release.length > 0) await this.wakeUps.regroup(this.group);
    const claimed = view.claim.length > 0 ? await this.#membership.claim(view.claim) : [];
    // What it gave up because it could not renew its lease, and nobody took, or what it claimed without hearing so.
    const unused = view.keep.filter((partition) => !this.#claimed.has(partitionName(partition)));
    if (claimed.length + unused.length > 0) void this.#begin([...claimed, ...unused]);
  }

  async #begin(partitions: readonly TopicPartition[]): Promise<void> {
    const mark = Symbol('assignment');
    for (const partition of partitions) this.#claimed.set(partitionName(partition), mark);
    const mine = (partition: TopicPartition): boolean => this.#claimed.get(partitionName(partition)) === mark;
    const current = (): boolean => !this.#stopping.signal.aborted && partitions.some(mine);
    const states = async () => (await readStates(this.database, this.group, partitions)).filter(mine);
    const answered = await this.#lanes.askBeginning(states, current, this.#stopping.signal, this.outage);
    if (this.#stopping.signal.aborted) return;
    for (const begin of answered.filter(mine)) this.#lanes.open(begin);
    this.#signal.raise();
  }

  #revoke(keys: readonly string[]): void {
    for (const key of keys) this.#claimed.delete(key);
    const gone = new Set(keys);
    const lost = this.#lanes.partitions().filter((partition) => gone.has(partitionName(partition)));
    if (lost.length === 0) return;
    this.#lanes.close(lost);
    if (!this.#stopping.signal.aborted) this.subscription.onRevoked(lost);
  }

  /** @returns whether there was anything, so that there may be more */
  async #fetch(): Promise<boolean> {
    const wanted = this.#lanes
      .all()
      .filter((lane) => !lane.full)
      .map((lane) => ({ topic: lane.topic, partition: lane.partition, offset: lane.tail, lane, epoch: lane.epoch }));
    if (wanted.length === 0) return false;
    const asked = new Map(wanted.map((one) => [partitionName(one), one]));
    const reads = await fetchChunks(this.database, wanted);
    for (const read of reads) {
      const one = asked.get(partitionName(read));
      // A seek in the meantime: what was read is not what is wanted any more.
      if (one !== undefined && one.lane.epoch === one.epoch) one.lane.push(read.records, read.tail);
    }
    return reads.length > 0;
  }
}
