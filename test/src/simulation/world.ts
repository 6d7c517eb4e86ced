import { definitionOf, type Event, type EventDraft } from '@baton/contracts';
import { CoordinatorReactions, DeadlineDue, Definitions, Sagas } from '@baton/coordinator';
import { InventoryReactions, QUEUE_LOCK, QueueLocks, StockRows } from '@baton/inventory';
import type { Outcome } from '@baton/messaging';
import { NotificationReactions } from '@baton/notification';
import { OrderReactions } from '@baton/orders';
import { ShippingReactions } from '@baton/shipping';
import { WarehouseReactions } from '@baton/warehouse';
import { MemoryService, type Sabotage } from './memory-service.js';
import { Outside } from './outside.js';
import { type OutboxRow, Process } from './process.js';
import type { Random } from './random.js';

export const CARRIERS = ['swift', 'parcelway'];
export const LOCATIONS = ['East', 'West'];

/** Units of each SKU at each location, in the order of `LOCATIONS`. */
export type InitialStock = Readonly<Record<string, readonly number[]>>;

/** A topic's events of one key, in the order in which they were published. */
interface Lane {
  readonly topic: string;
  readonly events: Event[];
}

/** One event that a process has not read yet. */
export interface Delivery {
  readonly process: Process;
  readonly lane: Lane;
}

const START = Date.parse('2026-11-24T09:00:00.000Z');

/**
 * All services of the system, with their very own reactions, between topics, carriers and people that do what a run
 * tells them. Time stands still but for `pass`.
 */
export class World {
  readonly outside: Outside;
  readonly processes: readonly Process[];
  readonly orders: Process;
  readonly coordinator: Process;
  readonly inventory: Process;
  readonly warehouse: Process;
  readonly shipping: Process;
  readonly notification: Process;
  private readonly lanes = new Map<string, Lane>();
  private readonly cursors = new Map<string, number>();
  private time = START;
  private counter = 0;

  constructor(
    readonly stock: InitialStock,
    rejects: number,
    private readonly committed: (world: World, process: Process, outcome: Outcome) => void,
    sabotage?: Sabotage,
  ) {
    this.outside = new Outside(rejects);
    const start = (name: string, controller: object): Process =>
      new Process(
        new MemoryService(name, [controller], sabotage),
        () => this.now,
        (process, outcome) => {
          this.committed(this, process, outcome);
        },
      );
    this.orders = start('orders', new OrderReactions());
    this.coordinator = start('coordinator', new CoordinatorReactions(new Definitions()));
    this.inventory = start('inventory', new InventoryReactions());
    this.warehouse = start('warehouse', new WarehouseReactions({ WAREHOUSE_PACKING: 'people' }));
    this.shipping = start('shipping', new ShippingReactions({ SHIPPING_CARRIERS: CARRIERS }));
    this.notification = start('notification', new NotificationReactions());
    this.processes = [this.orders, this.coordinator, this.inventory, this.warehouse, this.shipping, this.notification];
    this.inventory.service.seed(QueueLocks, QUEUE_LOCK);
    for (const [sku, units] of Object.entries(stock)) {
      const levels = LOCATIONS.map((location, index) => ({ location, onHand: units[index] ?? 0, reserved: 0 }));
      this.inventory.service.seed(StockRows, { sku, name: null, levels, waiting: 0 });
    }
  }

  get now(): string {
    return new Date(this.time).toISOString();
  }

  /** An id that was never given before, for a command. */
  newId(): string {
    this.counter += 1;
    return `id-${this.counter}`;
  }

  pass(milliseconds: number): void {
    this.time += milliseconds;
  }

  passUntil(moment: string): void {
    this.time = Math.max(this.time, Date.parse(moment));
  }

  /** Puts an event into its topic. */
  publish(event: Event): void {
    const topic = definitionOf(event.name).topic;
    const key = `${topic}|${event.key}`;
    const lane = this.lanes.get(key) ?? { topic, events: [] };
    this.lanes.set(key, lane);
    lane.events.push(event);
  }

  /** Somebody else's program writes to the intake. */
  submit(draft: EventDraft): void {
    this.publish({ ...draft, id: this.newId(), time: this.now });
  }

  /** Something that was published before is there once more. */
  repeat(random: Random): void {
    const lanes = [...this.lanes.values()];
    if (lanes.length > 0) this.publish(random.pick(random.pick(lanes).events));
  }

  deliveries(): readonly Delivery[] {
    return [...this.lanes].flatMap(([key, lane]) =>
      this.processes
        .filter((process) => (this.cursors.get(`${process.name}|${key}`) ?? 0) < lane.events.length)
        .map((process) => ({ process, lane })),
    );
  }

  /** The process reads the next event of the lane. If it fails, later events of the key wait for the retry. */
  deliver({ process, lane }: Delivery, fails: boolean): void {
    const [first] = lane.events;
    const cursor = `${process.name}|${lane.topic}|${first?.key}`;
    const position = this.cursors.get(cursor) ?? 0;
    const event = lane.events[position];
    this.cursors.set(cursor, position + 1);
    if (event && process.service.reactsTo(event.name)) process.hear(event, fails);
  }

  /** Outbox rows that may be published: no earlier row holds one of their keys. */
  publishable(): readonly { readonly process: Process; readonly row: OutboxRow }[] {
    return this.processes.flatMap((process) => {
      const earlier = new Set<string>();
      return process.outbox.flatMap((row) => {
        const free = row.events.every(({ key }) => !earlier.has(key));
        for (const { key } of row.events) earlier.add(key);
        return free ? [{ process, row }] : [];
      });
    });
  }

  /** Publishes an outbox row. After a crash in between it is still there, and published once more. */
  publishRow({ process, row }: { readonly process: Process; readonly row: OutboxRow }, crash: boolean): void {
    for (const event of row.events) this.publish(event);
    if (!crash) process.outbox.splice(process.outbox.indexOf(row), 1);
  }

  /** The due times of sagas. */
  dueTimes(): readonly string[] {
    return this.coordinator.service.rows(Sagas).flatMap(({ dueAt }) => (dueAt === null ? [] : [dueAt]));
  }

  /** Looks for deadlines, as the coordinator does every now and then. */
  fireDeadlines(): void {
    for (const { definition, orderId, dueAt } of this.coordinator.service.rows(Sagas)) {
      if (dueAt === null || Date.parse(dueAt) > this.time) continue;
      this.coordinator.submit(DeadlineDue, { definition, orderId }, this.newId());
    }
  }
}
