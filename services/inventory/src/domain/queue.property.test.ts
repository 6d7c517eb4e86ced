import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serveQueue } from './queue.js';
import { newReservation, type Reservation } from './reservation.js';
import { Books, type Stock, unitsOf } from './stock.js';

/** Many SKUs and few lines, so that the queue falls into parts that have nothing to do with each other. */
const SKUS = Array.from({ length: 10 }, (_, index) => `s${index}`);
const LOCATIONS = ['East', 'West'] as const;

const sku = fc.constantFrom(...SKUS);
const line = fc.record({ sku, quantity: fc.integer({ min: 1, max: 4 }) });
const backorder = fc.record({
  minute: fc.nat(5),
  region: fc.constantFrom(null, ...LOCATIONS),
  lines: fc.array(line, { minLength: 1, maxLength: 2 }),
});
const place = fc.record({ sku, location: fc.constantFrom(...LOCATIONS), units: fc.integer({ min: 1, max: 8 }) });
const story = fc.record({
  onHand: fc.array(fc.nat(6), { minLength: SKUS.length * 2, maxLength: SKUS.length * 2 }),
  backorders: fc.array(backorder, { maxLength: 16, size: 'max' }),
  /** Goods that arrive, and backorders that leave; each is one change of one moment. */
  arriving: fc.array(place, { maxLength: 2 }),
  leaving: fc.array(fc.nat(15), { maxLength: 2 }),
});

const reservationOf = ({ minute, region, lines }: ReturnType<typeof backorder.generate>['value'], index: number) => ({
  ...newReservation(
    {
      orderId: `o${index}`,
      shipment: 2,
      lines: lines.map((each, n) => ({ ...each, lineId: `l${n + 1}` })),
      ...(region !== null && { region }),
    },
    'waiting' as const,
  ),
  placedAt: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
});

const stockOf = (onHand: readonly number[], queue: readonly Reservation[]): Books => {
  const rows = SKUS.map(
    (name, s): Stock => ({
      sku: name,
      name: null,
      levels: LOCATIONS.map((location, l) => ({ location, onHand: onHand[s * 2 + l] ?? 0, reserved: 0 })),
      waiting: 0,
    }),
  );
  const books = new Books(rows);
  for (const { lines } of queue) books.join(unitsOf(lines));
  return books;
};

const copyOf = (books: Books): Books => new Books(SKUS.flatMap((name) => books.get(name) ?? []));
const without = (queue: readonly Reservation[], gone: readonly Reservation[]): readonly Reservation[] => {
  const ids = new Set(gone.map(({ orderId }) => orderId));
  return queue.filter(({ orderId }) => !ids.has(orderId));
};
const placesOf = (served: readonly Reservation[]) => served.map(({ orderId, location }) => `${orderId} ${location}`);

describe('A_pass_over_what_is_connected_with_a_change', () => {
  it('serves whom a pass over the whole queue would serve, at the same locations', () => {
    let passesThatServed = 0;
    fc.assert(
      fc.property(story, ({ onHand, backorders, arriving, leaving }) => {
        const all = backorders.map(reservationOf);
        const books = stockOf(onHand, all);
        // As every earlier change has left it: nobody waits who could be served.
        const waiting = without(all, serveQueue(all, books, SKUS));
        const left = leaving.flatMap((index) => waiting.find(({ orderId }) => orderId === `o${index}`) ?? []);
        const gone = [...new Set(left)];
        for (const { lines } of gone) books.leave(unitsOf(lines));
        for (const { sku: name, location, units } of arriving) {
          const level = books.level(name, location) ?? { location, onHand: 0, reserved: 0 };
          books.setLevel(name, { ...level, onHand: level.onHand + units });
        }
        const queue = without(waiting, gone);
        const changed = [
          ...arriving.map((each) => each.sku),
          ...gone.flatMap(({ lines }) => lines.map((each) => each.sku)),
        ];
        const other = copyOf(books);
        const served = serveQueue(queue, books, changed);
        if (served.length > 0) passesThatServed += 1;
        expect(placesOf(served)).toEqual(placesOf(serveQueue(queue, other, SKUS)));
        expect(SKUS.map((name) => books.get(name))).toEqual(SKUS.map((name) => other.get(name)));
      }),
      { numRuns: 2_000 },
    );
    expect(passesThatServed, 'the stories serve somebody').toBeGreaterThan(200);
  });
});
