import { randomUUID } from 'node:crypto';
import { type Order, OrderSubmitted } from '@baton/contracts';
import {
  activeHeaders,
  type Consumer,
  encode,
  type IncomingRecord,
  type OutgoingRecord,
  type Transport,
} from '@baton/messaging';
import { numbersFrom } from '@baton/messaging/testing';
import { trace } from '@opentelemetry/api';

export const SKUS = 1_000;
export const LOCATION = 'Central';
export const skuOf = (index: number): string => `SKU-${String(index).padStart(4, '0')}`;

/** How the orders ended that did so while somebody listened; latencies in milliseconds, from publish to end heard. */
export interface Heard {
  readonly latencies: readonly number[];
  readonly completed: number;
  readonly cancelled: number;
}

const ends: ReadonlyMap<string, 'completed' | 'cancelled'> = new Map([
  ['baton.coordinator.FulfilmentCompleted.v1', 'completed'],
  ['baton.coordinator.FulfilmentCancelled.v1', 'cancelled'],
]);
/** Pause between two publishes of a paced run, milliseconds. */
const PACE_MS = 5;

/** A shop that keeps a number of orders in flight: as some end, it submits as many. */
export class Shop {
  private readonly random = numbersFrom(1);
  private readonly run = randomUUID().slice(0, 8);
  private readonly tracer = trace.getTracer('@baton/bench');
  private readonly inFlight = new Map<string, number>();
  private readonly failed = Promise.withResolvers<never>();
  private width = 0;
  private made = 0;
  private unaudited: string[] = [];
  private heard: { latencies: number[]; completed: number; cancelled: number } | undefined;
  private onEmpty: (() => void) | undefined;
  private consumer: Consumer | undefined;
  private pacing: NodeJS.Timeout | undefined;
  private closed: Promise<void> | undefined;

  private constructor(
    private readonly transport: Transport,
    private readonly hot: boolean,
  ) {
    this.failed.promise.catch(() => undefined);
  }

  /** Opens a shop that hears of its orders' ends from now on. The transport is its own from now on. */
  static async open(transport: Transport, hot: boolean): Promise<Shop> {
    const shop = new Shop(transport, hot);
    const assigned = Promise.withResolvers<void>();
    shop.consumer = await transport.subscribe({
      group: `bench-shop-${shop.run}`,
      topics: ['fulfilment'],
      onAssigned: (partitions) => {
        assigned.resolve();
        return Promise.resolve(partitions);
      },
      onRevoked: () => undefined,
      onRecords: (records) => shop.hear(records),
    });
    await assigned.promise;
    return shop;
  }

  /** Keeps this many orders in flight from now on. */
  keep(width: number): void {
    this.width = width;
    this.fill();
  }

  /** Submits so many orders a second, however many are in flight. */
  pace(perSecond: number): void {
    const begun = performance.now();
    let submitted = 0;
    this.pacing = setInterval(() => {
      const due = Math.floor(((performance.now() - begun) / 1_000) * perSecond);
      // An order waits from when it was due, also while nothing here could submit it.
      this.submit(due - submitted, (nth) => begun + ((submitted + nth) / perSecond) * 1_000);
      submitted = due;
    }, PACE_MS);
  }

  /** Begins to write down ends and latencies. */
  listen(): void {
    this.heard = { latencies: [], completed: 0, cancelled: 0 };
  }

  /** How many ends were written down since `listen`. */
  get ends(): number {
    return this.heard?.latencies.length ?? 0;
  }

  /** What was written down since `listen`. */
  take(): Heard {
    const heard = this.heard ?? { latencies: [], completed: 0, cancelled: 0 };
    this.heard = undefined;
    return heard;
  }

  /**
   * Submits no more and waits until every order has ended.
   * @throws Error when some have not within `deadlineMs`
   */
  async drain(deadlineMs: number): Promise<void> {
    this.width = 0;
    clearInterval(this.pacing);
    if (this.inFlight.size === 0) return;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const [first] = this.inFlight.keys();
      late.reject(
        new Error(`${this.inFlight.size} orders have not ended in ${deadlineMs / 1_000} s, such as ${first}.`),
      );
    }, deadlineMs);
    const empty = new Promise<void>((resolve) => (this.onEmpty = resolve));
    await Promise.race([empty, late.promise, this.failed.promise]).finally(() => clearTimeout(timer));
  }

  /** Ids of the orders that were submitted since the last call. */
  takeSubmitted(): readonly string[] {
    const ids = this.unaudited;
    this.unaudited = [];
    return ids;
  }

  /** Submits orders that do not count as in flight, such as one of which nothing is in stock. */
  async submitApart(orders: readonly Order[]): Promise<void> {
    await this.transport.publish(orders.map((order) => this.record(order)));
  }

  /** An order's id; `number` decides what its carrier answers. */
  idOf(number: number): string {
    return `bench-${this.run}-${number}`;
  }

  order(orderId: string, sku: string): Order {
    return {
      orderId,
      customer: {
        customerId: 'AB-10060',
        name: 'Adam Bellavance',
        email: 'adam.bellavance@example.test',
        address: { city: 'New York City', state: 'New York', postalCode: '10009', country: 'United States' },
      },
      region: LOCATION,
      serviceLevel: 'standard',
      onShortage: 'backorder',
      lines: [{ lineId: '1', sku, quantity: 1 + Math.floor(this.random() * 3) }],
    };
  }

  close(): Promise<void> {
    clearInterval(this.pacing);
    return (this.closed ??= (async () => {
      await this.consumer?.stop();
      await this.transport.close();
    })());
  }

  private hear(records: readonly IncomingRecord[]): Promise<void> {
    const now = performance.now();
    for (const { key = '', headers } of records) {
      const end = ends.get(headers.ce_type ?? '');
      const since = this.inFlight.get(key);
      if (end === undefined || since === undefined) continue;
      this.inFlight.delete(key);
      this.heard?.latencies.push(now - since);
      if (this.heard) this.heard[end] += 1;
    }
    this.fill();
    if (this.inFlight.size === 0) this.onEmpty?.();
    return Promise.resolve();
  }

  private fill(): void {
    this.submit(this.width - this.inFlight.size);
  }

  /** `since` tells from when on the first, second … of them counts. */
  private submit(count: number, since?: (nth: number) => number): void {
    if (count <= 0) return;
    const records: OutgoingRecord[] = [];
    const now = performance.now();
    for (let nth = 1; nth <= count; nth += 1) {
      const orderId = this.idOf((this.made += 1));
      const sku = this.hot && this.random() < 0.5 ? 0 : Math.floor(this.random() * SKUS);
      records.push(this.record(this.order(orderId, skuOf(sku))));
      this.inFlight.set(orderId, since?.(nth) ?? now);
      this.unaudited.push(orderId);
    }
    this.transport.publish(records).catch(this.failed.reject);
  }

  private record(order: Order): OutgoingRecord {
    return this.tracer.startActiveSpan('publish OrderSubmitted', (span) => {
      const draft = OrderSubmitted(order);
      const record = encode(draft, new Date().toISOString(), activeHeaders());
      span.end();
      return record;
    });
  }
}
