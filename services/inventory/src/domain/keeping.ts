import { type EventDraft, MAX_STOCK_QUANTITY, StockCounted, StockReplenished } from '@baton/contracts';
import type { Decision } from './decide.js';
import { serveQueue } from './queue.js';
import { answerToRequest, type Reservation } from './reservation.js';
import type { Books, Level, Stock } from './stock.js';

/** A wish that is understood and refused, for good. */
export interface Refusal {
  readonly code: 'unknown-stock' | 'stock-below-reserved' | 'too-much-stock';
  readonly detail: string;
  readonly members: Readonly<Record<string, unknown>>;
}

/** A backorder that was served by a change of stock. */
export interface Served {
  readonly orderId: string;
  readonly shipment: number;
}

/** A level as people see it. */
export interface LevelView extends Level {
  readonly sku: string;
  readonly available: number;
}

/** What a change of one level leads to. */
export interface Kept extends Decision {
  /** The level right after the change, before the queue had it. */
  readonly level: LevelView;
  readonly served: readonly Served[];
}

interface Place {
  readonly sku: string;
  readonly location: string;
}

/**
 * Goods arrived at a location.
 * @param wish `quantity` units, at least 1, for a SKU and location that the catalogue has
 * @param queue backorders that wait and are connected with the SKU (see `serveQueue`), with their stock in the books
 * @param wishId tells this delivery from every other in the event's id
 */
export const replenish = (
  wish: Place & { readonly quantity: number },
  queue: readonly Reservation[],
  books: Books,
  wishId: string,
): Kept | Refusal => {
  const { sku, location, quantity } = wish;
  const level = books.level(sku, location);
  if (!level) return unknown(wish, books);
  const onHand = level.onHand + quantity;
  if (onHand > MAX_STOCK_QUANTITY) {
    return {
      code: 'too-much-stock',
      detail: `${sku} at ${location} would have ${onHand} units; at most ${MAX_STOCK_QUANTITY} can be kept.`,
      members: { onHand: level.onHand },
    };
  }
  const after = { ...level, onHand };
  books.setLevel(sku, after);
  return kept(sku, after, queue, books, StockReplenished({ sku, ...after, quantity }, wishId));
};

/**
 * Somebody counted what is there, picked and packed units that have not left included: the book is set to it. Refused
 * below what is reserved; which reservations are in the way is read where the refusal is told, under no lock.
 */
export const count = (
  wish: Place & { readonly counted: number },
  queue: readonly Reservation[],
  books: Books,
  wishId: string,
): Kept | Refusal => {
  const { sku, location, counted } = wish;
  const level = books.level(sku, location);
  if (!level) return unknown(wish, books);
  if (counted < level.reserved) {
    return {
      code: 'stock-below-reserved',
      detail:
        `${counted} units of ${sku} at ${location} are fewer than the ${level.reserved} that are reserved. ` +
        'Report what is missing while picking these orders, or cancel some of them; then count again.',
      members: { reserved: level.reserved },
    };
  }
  const after = { ...level, onHand: counted };
  books.setLevel(sku, after);
  const said = StockCounted({ sku, ...after, difference: counted - level.onHand }, wishId);
  return kept(sku, after, queue, books, said);
};

/** A level as the catalogue says it. */
export interface CatalogueItem extends Place {
  readonly onHand: number;
  readonly name?: string | undefined;
}

/** What an import leads to. */
export interface Imported extends Decision {
  readonly items: number;
  /** Levels that did not exist, levels whose on hand changed, and the rest. */
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Levels that would have fallen below what is reserved there, and were set to that instead. */
  readonly keptAtReserved: readonly (Place & { readonly asked: number; readonly onHand: number })[];
  readonly served: readonly Served[];
}

/**
 * A file of the catalogue: each level is set to what the file says, but never below what is reserved. The same file
 * again changes only what changed since. It is a book's opening balance, neither a delivery nor a count, so that no
 * event is said about its levels.
 */
export const importCatalogue = (
  items: readonly CatalogueItem[],
  queue: readonly Reservation[],
  books: Books,
): Imported => {
  let created = 0;
  let changed = 0;
  const keptAtReserved: Imported['keptAtReserved'][number][] = [];
  for (const { sku, location, onHand: asked, name } of items) {
    const before = books.level(sku, location);
    const reserved = before?.reserved ?? 0;
    const onHand = Math.max(asked, reserved);
    if (onHand !== asked) keptAtReserved.push({ sku, location, asked, onHand });
    if (!before) created += 1;
    else if (before.onHand !== onHand) changed += 1;
    if (before?.onHand !== onHand) books.setLevel(sku, { location, onHand, reserved });
    if (name !== undefined && books.get(sku)?.name !== name) books.rename(sku, name);
  }
  const served = serveQueue(
    queue,
    books,
    items.map(({ sku }) => sku),
  );
  return {
    reservations: served,
    stock: books.changed(),
    say: served.flatMap(answerToRequest),
    items: items.length,
    created,
    changed,
    unchanged: items.length - created - changed,
    keptAtReserved,
    served: named(served),
  };
};

/** A level with what can still be had of it. */
export const viewOf = (sku: string, level: Level): LevelView => ({
  sku,
  ...level,
  available: level.onHand - level.reserved,
});

const named = (served: readonly Reservation[]): readonly Served[] =>
  served.map(({ orderId, shipment }) => ({ orderId, shipment }));

const kept = (sku: string, level: Level, queue: readonly Reservation[], books: Books, said: EventDraft): Kept => {
  const served = serveQueue(queue, books, [sku]);
  return {
    reservations: served,
    stock: books.changed(),
    say: [said, ...served.flatMap(answerToRequest)],
    level: viewOf(sku, level),
    served: named(served),
  };
};

const unknown = ({ sku, location }: Place, books: Books): Refusal => {
  const levels: Stock['levels'] = books.get(sku)?.levels ?? [];
  const where = levels.map((level) => level.location);
  return {
    code: 'unknown-stock',
    detail: where.length
      ? `${sku} is not kept at ${location}, only at ${where.join(', ')}. Import it there first, with POST /stock/import.`
      : `No SKU ${sku} is in the catalogue. Import it first, with POST /stock/import.`,
    members: { locations: where },
  };
};
