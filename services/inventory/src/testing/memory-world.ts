import type { Event, EventDraft } from '@baton/contracts';
import type {
  Command,
  CommandDefinition,
  Moment,
  Need,
  Needs,
  Outcome,
  ReactionPlan,
  State,
  Store,
} from '@baton/messaging';
import type { z } from 'zod';
import { InventoryReactions } from '../reactions.js';
import type { Reservation } from '../domain/reservation.js';
import type { Level, Stock } from '../domain/stock.js';
import { Reservations } from '../store/reservations.js';
import { QUEUE_LOCK, QueueLocks, StockRows } from '../store/stock.js';

type Method = (message: unknown, loaded: unknown, moment: Moment) => Outcome;
interface Reaction {
  readonly plan: ReactionPlan;
  readonly run: Method;
}

const reactionsOf = (controller: object): ReadonlyMap<string, Reaction> => {
  const found = new Map<string, Reaction>();
  const prototype: object = Object.getPrototypeOf(controller);
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const method = Reflect.get(prototype, name) as Method;
    const extras = Reflect.getMetadata('microservices:pattern_extras', method) as { plan: ReactionPlan } | undefined;
    if (!extras) continue;
    for (const { eventName } of extras.plan.definitions) {
      found.set(eventName, { plan: extras.plan, run: method.bind(controller) });
    }
  }
  return found;
};

const freeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
};

/**
 * The inventory service without a database: the real reactions with exactly the rows that they ask for, as a unit of
 * work would give them. Rows are frozen, so that a reaction that changes one instead of a copy fails.
 */
export class MemoryWorld {
  private readonly tables = new Map<Store, Map<string, State>>();
  private readonly reactions = reactionsOf(new InventoryReactions());
  /** All that was published, in order. */
  readonly published: EventDraft[] = [];

  constructor(stock: Readonly<Record<string, Readonly<Record<string, number>>>> = {}) {
    this.table(QueueLocks).set(this.keyOf(QueueLocks, QUEUE_LOCK), QUEUE_LOCK);
    for (const [sku, onHand] of Object.entries(stock)) {
      const levels = Object.keys(onHand)
        .sort()
        .map((location): Level => ({ location, onHand: onHand[location] ?? 0, reserved: 0 }));
      this.table(StockRows).set(sku, freeze({ sku, name: null, levels, waiting: 0 }));
    }
  }

  /** Handles an event or a command; what it refuses or breaks on is thrown, and leaves no trace. */
  hear(message: Event | (Command & { readonly name: string })): Outcome {
    const reaction = this.reactions.get(message.name);
    if (!reaction) throw new Error(`Nothing reacts to ${message.name}.`);
    const first = this.load(reaction.plan.first(message as never));
    const second = reaction.plan.second ? this.load(reaction.plan.second(message as never, first as never)) : {};
    const moment = { now: '2026-01-01T00:00:00.000Z', unit: '1', messageId: message.id, parked: false };
    const outcome = reaction.run(message, { ...first, ...second }, moment);
    for (const { store, state } of outcome.save ?? []) this.table(store).set(this.keyOf(store, state), freeze(state));
    this.published.push(...(outcome.publish ?? []));
    return outcome;
  }

  /** Submits a command as the pipeline would: by its schema. */
  submit<Schema extends z.ZodType>(definition: CommandDefinition<Schema>, data: z.input<Schema>, id = 'wish'): Outcome {
    return this.hear({ name: definition.eventName, id, data: definition.schema.parse(data) });
  }

  reservation(orderId: string, shipment: number): Reservation | undefined {
    return this.table(Reservations).get(this.keyOf(Reservations, { orderId, shipment })) as Reservation | undefined;
  }

  reservations(): readonly Reservation[] {
    return [...this.table(Reservations).values()] as Reservation[];
  }

  stock(): readonly Stock[] {
    return [...this.table(StockRows).values()] as Stock[];
  }

  level(sku: string, location: string): Level | undefined {
    return this.stock()
      .find((row) => row.sku === sku)
      ?.levels.find((level) => level.location === location);
  }

  /** On hand and reserved, as `10/3`. */
  show(sku: string, location: string): string {
    const level = this.level(sku, location);
    return level ? `${level.onHand}/${level.reserved}` : 'none';
  }

  /** All rows as text, to see whether anything changed. */
  snapshot(): string {
    return JSON.stringify([...this.tables.values()].map((rows) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1))));
  }

  private load(needs: Needs): Record<string, unknown> {
    return Object.fromEntries(Object.entries(needs).map(([name, need]) => [name, this.answer(need)]));
  }

  private answer(need: Need): unknown {
    if (need.kind === 'one') return this.table(need.store).get(this.keyOf(need.store, need.key));
    if (need.kind === 'many') {
      return need.keys
        .map((key) => this.table(need.store).get(this.keyOf(need.store, key)))
        .filter((row) => row !== undefined);
    }
    const { query, params } = need;
    return [...this.table(query.store).values()]
      .filter((row) => query.matches(row, params))
      .sort((a, b) => query.compare(a, b));
  }

  private table(store: Store): Map<string, State> {
    const known = this.tables.get(store) ?? new Map<string, State>();
    this.tables.set(store, known);
    return known;
  }

  private keyOf(store: Store, state: object): string {
    return store.key.map((property) => String(Reflect.get(state, property))).join(' ');
  }
}
