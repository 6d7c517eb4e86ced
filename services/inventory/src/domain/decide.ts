import type { EventDraft, MissingLine } from '@baton/contracts';
import { allWaiting, locationFor, shortLinesOf } from './allocate.js';
import { serveQueue } from './queue.js';
import {
  answerToDispatch,
  answerToRelease,
  answerToRequest,
  newReservation,
  type Reservation,
  type Wanted,
} from './reservation.js';
import { type Books, type Stock, unitsOf } from './stock.js';

/** What a message leads to. */
export interface Decision {
  readonly reservations: readonly Reservation[];
  readonly stock: readonly Stock[];
  readonly say: readonly EventDraft[];
  /** The message makes no sense and changes nothing; an operator should see why. */
  readonly impossible?: string;
}

const nothing: Decision = { reservations: [], stock: [], say: [] };
const repeated = (...say: readonly EventDraft[]): Decision => ({ ...nothing, say });
const impossible = (reason: string): Decision => ({ ...nothing, impossible: reason });

/** A shipment's stock is wanted now: all of it from one location, or none. */
export const reserve = (wanted: Wanted, known: Reservation | undefined, books: Books): Decision => {
  if (known?.state === 'early') return settleAtOnce(wanted, books);
  if (known) return repeated(...answerToRequest(known));
  const units = unitsOf(wanted.lines);
  const earlier = allWaiting(books);
  const location = locationFor(units, wanted.region ?? null, books, earlier);
  const reservation: Reservation =
    location === undefined
      ? { ...newReservation(wanted, 'short'), short: shortLinesOf(wanted.lines, books, earlier) }
      : { ...newReservation(wanted, 'reserved'), location };
  if (location !== undefined) books.hold(units, location);
  return { reservations: [reservation], stock: books.changed(), say: answerToRequest(reservation) };
};

/** Stock is wanted of a shipment that has gone out already: it leaves the books of a location that has it all. */
const settleAtOnce = (wanted: Wanted, books: Books, place: Partial<Reservation> = {}): Decision => {
  const units = unitsOf(wanted.lines);
  const location = locationFor(units, wanted.region ?? null, books, allWaiting(books));
  if (location === undefined) {
    return impossible(
      `Shipment ${wanted.shipment} of order ${wanted.orderId} was dispatched, but no location has its stock: ` +
        'count the shelf it was taken from.',
    );
  }
  books.hold(units, location);
  books.remove(units, location);
  const settled: Reservation = { ...newReservation(wanted, 'settled'), ...place, location };
  return {
    reservations: [settled],
    stock: books.changed(),
    say: [...answerToRequest(settled), answerToDispatch(settled)],
  };
};

/** ISO 8601 with milliseconds, whatever precision it came with, so that comparing text compares moments. */
const toMillis = (timestamp: string): string => new Date(timestamp).toISOString();

/**
 * A shipment waits for stock, in its place by `placedAt`; it is served at once if it can be.
 * @param queue the others that wait and are connected with it (see `serveQueue`), with their stock in the books
 */
export const placeBackorder = (
  wanted: Wanted & { readonly placedAt: string; readonly deadline: string },
  known: Reservation | undefined,
  queue: readonly Reservation[],
  books: Books,
): Decision => {
  if (known?.state === 'early') return settleAtOnce(wanted, books, { placedAt: toMillis(wanted.placedAt) });
  if (known) return repeated(...answerToRequest(known));
  const backorder: Reservation = {
    ...newReservation(wanted, 'waiting'),
    placedAt: toMillis(wanted.placedAt),
    deadline: toMillis(wanted.deadline),
  };
  const units = unitsOf(backorder.lines);
  books.join(units);
  const served = serveQueue([...queue, backorder], books, units.keys());
  const isServed = served.some((each) => isSame(each, backorder));
  return {
    reservations: isServed ? served : [backorder, ...served],
    stock: books.changed(),
    say: served.flatMap(answerToRequest),
  };
};

/**
 * Nothing may be held for a shipment any more. Writes missing units off first, the increase alone, then gives back what
 * is held or takes the backorder out of the queue, and lets the queue have it.
 * @param queue what waits and is connected with it (see `serveQueue`), itself included if it waits, with its stock in the
 *   books
 */
export const release = (
  request: { readonly orderId: string; readonly shipment: number; readonly missing: readonly MissingLine[] },
  known: Reservation | undefined,
  queue: readonly Reservation[],
  books: Books,
): Decision => {
  const { orderId, shipment } = request;
  if (!known) {
    const tombstone = releasedAs(newReservation({ orderId, shipment, lines: [] }, 'tombstone'));
    return { reservations: [tombstone], stock: [], say: [answerToRelease(tombstone)] };
  }
  switch (known.state) {
    case 'reserved': {
      const missing = cumulated(known, request.missing);
      const location = locationOf(known);
      const back = minus(known.lines, missing);
      books.remove(unitsOf(minus(missing, known.missing)), location);
      books.unhold(unitsOf(back), location);
      return leaving(releasedAs({ ...known, state: 'released', missing }, back), queue, books);
    }
    case 'waiting':
      books.leave(unitsOf(known.lines));
      return leaving(
        releasedAs({ ...known, state: 'released' }),
        queue.filter((each) => !isSame(each, known)),
        books,
      );
    case 'short': {
      const released = releasedAs({ ...known, state: 'released' });
      return { reservations: [released], stock: [], say: [answerToRelease(released)] };
    }
    case 'released':
      return releaseAgain(known, request.missing, books);
    case 'tombstone':
      return repeated(answerToRelease(known));
    case 'settled':
    case 'early':
      return impossible(`Shipment ${shipment} of order ${orderId} was dispatched: its stock can't be released.`);
    default:
      return known.state satisfies never;
  }
};

/** The carrier has the shipment: its units leave the books. */
export const settle = (
  { orderId, shipment }: { readonly orderId: string; readonly shipment: number },
  known: Reservation | undefined,
  books: Books,
): Decision => {
  if (!known) return { ...nothing, reservations: [newReservation({ orderId, shipment, lines: [] }, 'early')] };
  if (known.state === 'early') return nothing;
  if (known.state === 'settled') return repeated(answerToDispatch(known));
  if (known.state !== 'reserved') {
    return impossible(
      `Shipment ${shipment} of order ${orderId} was dispatched, but its stock is ${known.state}: ` +
        'count the shelf it was taken from.',
    );
  }
  books.remove(unitsOf(minus(known.lines, known.missing)), locationOf(known));
  const settled: Reservation = { ...known, state: 'settled' };
  return { reservations: [settled], stock: books.changed(), say: [answerToDispatch(settled)] };
};

const isSame = (a: Reservation, b: Reservation): boolean => a.orderId === b.orderId && a.shipment === b.shipment;

const locationOf = ({ orderId, shipment, location }: Reservation): string => {
  if (location === null) throw new Error(`Reservation ${orderId}/${shipment} has no location.`);
  return location;
};

const releasedAs = (reservation: Reservation, lines: Reservation['lines'] = []): Reservation => ({
  ...reservation,
  released: { lines, missing: reservation.missing },
});

/** Releases and answers first, then whoever waited for it. */
const leaving = (released: Reservation, queue: readonly Reservation[], books: Books): Decision => {
  const served = serveQueue(queue, books, unitsOf(released.lines).keys());
  return {
    reservations: [released, ...served],
    stock: books.changed(),
    say: [answerToRelease(released), ...served.flatMap(answerToRequest)],
  };
};

/**
 * More was found to be missing after the release. What went back to available stock is written off as far as nobody has
 * it reserved meanwhile; the rest stays unrecorded, for a count to find. The first answer stands.
 */
const releaseAgain = (known: Reservation, missing: readonly MissingLine[], books: Books): Decision => {
  if (known.location === null) return repeated(answerToRelease(known));
  const { location } = known;
  const increase = minus(cumulated(known, missing), known.missing);
  const writtenOff: MissingLine[] = [];
  for (const line of increase) {
    const quantity = Math.min(line.quantity, books.available(line.sku, location));
    if (quantity === 0) continue;
    books.writeOff(line.sku, location, quantity);
    writtenOff.push({ ...line, quantity });
  }
  if (writtenOff.length === 0) return repeated(answerToRelease(known));
  const total = known.lines.flatMap(({ lineId, sku }) => {
    const quantity = quantityOf(known.missing, lineId) + quantityOf(writtenOff, lineId);
    return quantity > 0 ? [{ lineId, sku, quantity }] : [];
  });
  return {
    reservations: [{ ...known, missing: total }],
    stock: books.changed(),
    say: [answerToRelease(known)],
  };
};

const quantityOf = (lines: readonly MissingLine[], lineId: string): number =>
  lines.find((line) => line.lineId === lineId)?.quantity ?? 0;

/** What is missing of each line now: never less than before, never more than the line has. */
const cumulated = ({ lines, missing }: Reservation, reported: readonly MissingLine[]): readonly MissingLine[] =>
  lines.flatMap(({ lineId, sku, quantity }) => {
    const total = Math.min(quantity, Math.max(quantityOf(missing, lineId), quantityOf(reported, lineId)));
    return total > 0 ? [{ lineId, sku, quantity: total }] : [];
  });

/** The lines without these units; a line of which nothing is left is left out. */
const minus = (lines: readonly MissingLine[], less: readonly MissingLine[]): readonly MissingLine[] =>
  lines.flatMap((line) => {
    const quantity = line.quantity - quantityOf(less, line.lineId);
    return quantity > 0 ? [{ ...line, quantity }] : [];
  });
