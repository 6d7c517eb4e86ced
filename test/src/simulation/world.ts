import { definitionOf, type Event, type EventDraft } from '@baton/contracts';
import { CoordinatorReactions, DeadlineDue, Definitions, Sagas } from '@baton/coordinator';
import { InventoryReactions, QUEUE_LOCK, QueueLocks, StockRows } from '@baton/inventory';
import type { Outcome } from '@baton/messaging';
import { NotificationReactions } from '@baton/notification';
import { ExpireWishes, isOverdue, OrderReactions, Orders } from '@baton/orders';
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

/** A process that reads a lane, and the place of the event that it reads next. */
export interface Reader {
  readonly process: Process;
  readonly lane: Lane;
  next: number;
}

/** How the world behaves in a run. */
export interface WorldRules {
  /** How often a carrier refuses. */
  readonly rejects: number;
  /** Who works the pick lists. */
  readonly packing: 'people' | 'automatic';
  /** Durations that replace those of the saga definitions, milliseconds by name. */
  readonly policy: Readonly<Record<string, number>>;
  /** By how much the clocks of the processes of a service differ, milliseconds. */
  readonly skew: number;
}

const START = Date.parse('2026-11-24T09:00:00.000Z');

const nextOf = ({ process, lane, next }: Reader): Event | undefined => {
  for (let place = next; place < lane.events.length; place += 1) {
    const event = lane.events[place];
    if (event && process.service.reactsTo(event.name)) return event;
  }
  return undefined;
};

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
  /** Wishes to cancel that were submitted by event: the order of each, by the event's id. */
  readonly wished = new Map<string, string>();
  /** What operators went on without: order, shipment and step. */
  readonly skipped = new Set<string>();
  /** Shipments of which somebody put away what had left its shelf. */
  readonly putAway = new Set<string>();
  /** Names of the services whose operators gave up a message. */
  readonly lost = new Set<string>();
  /** Whether the databases were restored to an earlier moment: what had come over HTTP alone since is gone. */
  wasRestored = false;
  private readonly lanes = new Map<string, Lane>();
  private readonly readers = new Map<string, Reader>();
  /** Those that have something to read. */
  private readonly behind = new Set<Reader>();
  private time = START;
  private counter = 0;
  private ticks = 0;

  constructor(
    readonly stock: InitialStock,
    private readonly rules: WorldRules,
    private readonly committed: (world: World, process: Process, message: string, outcome: Outcome) => void,
    sabotage?: Sabotage,
  ) {
    this.outside = new Outside(rules.rejects);
    const start = (name: string, controller: object): Process =>
      new Process(
        new MemoryService(name, [controller], sabotage),
        () => this.clock(),
        (process, message, outcome) => {
          this.committed(this, process, message, outcome);
        },
      );
    this.orders = start('orders', new OrderReactions());
    this.coordinator = start('coordinator', new CoordinatorReactions(new Definitions(rules.policy)));
    this.inventory = start('inventory', new InventoryReactions());
    this.warehouse = start('warehouse', new WarehouseReactions({ WAREHOUSE_PACKING: rules.packing }));
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

  /** What the clock of the process says that handles the next message. */
  private clock(): string {
    this.ticks += 1;
    return new Date(this.time + (this.ticks % 2) * this.rules.skew).toISOString();
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
    for (const process of this.processes) {
      if (process.service.reactsTo(event.name)) this.behind.add(this.readerOf(process, key, lane));
    }
  }

  private readerOf(process: Process, key: string, lane: Lane): Reader {
    const name = `${process.name}|${key}`;
    const reader = this.readers.get(name) ?? { process, lane, next: 0 };
    this.readers.set(name, reader);
    return reader;
  }

  /** Somebody else's program writes to the intake. Returns the event's id. */
  submit(draft: EventDraft): string {
    const id = this.newId();
    this.publish({ ...draft, id, time: this.now });
    return id;
  }

  /** Something that was published before is there once more. */
  repeat(random: Random): void {
    const lanes = [...this.lanes.values()];
    if (lanes.length > 0) this.publish(random.pick(random.pick(lanes).events));
  }

  /** Processes that have something to read. */
  unread(): readonly Reader[] {
    return [...this.behind];
  }

  /** A process reads the next event that it reacts to. If it fails, later events of the key wait for the retry. */
  deliver(reader: Reader, fails: boolean): void {
    const event = nextOf(reader);
    if (event) reader.next = reader.lane.events.indexOf(event, reader.next) + 1;
    this.look(reader);
    if (event) reader.process.hear(event, fails);
  }

  private look(reader: Reader): void {
    if (nextOf(reader)) this.behind.add(reader);
    else this.behind.delete(reader);
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

  /**
   * Backs up the databases of all services at one moment. What it returns puts them back: topics, carriers and the mail
   * server know more then, and all that was published since is read again.
   */
  backUp(): () => void {
    const restores = this.processes.map((process) => process.backUp());
    const places = new Map([...this.readers].map(([name, { next }]) => [name, next]));
    return () => {
      for (const restore of restores) restore();
      for (const [name, reader] of this.readers) {
        reader.next = places.get(name) ?? 0;
        this.look(reader);
      }
      this.wasRestored = true;
    };
  }

  /** The due times of sagas. */
  dueTimes(): readonly string[] {
    return this.coordinator.service.rows(Sagas).flatMap(({ dueAt }) => (dueAt === null ? [] : [dueAt]));
  }

  /**
   * Looks for deadlines, as every process of the coordinator does every now and then: two may find the same, so that one
   * comes when nothing is due any more.
   */
  fireDeadlines(processes = 1): void {
    const due = this.coordinator.service.rows(Sagas).filter(({ dueAt }) => dueAt !== null && this.hasCome(dueAt));
    for (const { definition, orderId } of due) {
      for (let process = 0; process < processes; process += 1) {
        this.coordinator.submit(DeadlineDue, { definition, orderId }, this.newId());
      }
    }
    for (const { orderId, wishes, wishesExpireAt } of this.orders.service.rows(Orders)) {
      if (wishesExpireAt === null || !this.hasCome(wishesExpireAt)) continue;
      const overdue = wishes.filter((wish) => isOverdue(wish, this.now));
      this.orders.submit(ExpireWishes, { orderId, wishes: overdue }, this.newId());
    }
  }

  private hasCome(moment: string): boolean {
    return Date.parse(moment) <= this.time;
  }
}
