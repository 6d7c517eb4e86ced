import { locationFor } from './allocate.js';
import { byAge, type Reservation } from './reservation.js';
import { type Books, unitsOf } from './stock.js';

/**
 * One pass over the backorders that wait, oldest first, whatever the SKU: reserves each that can have all it needs
 * beside those before it.
 *
 * One pass leaves nothing that fits. Whoever is served frees nothing for those before it (their predecessors are the
 * same, and less is available), and those after it have their turn with the new state.
 * @param queue everything that waits, in any order; its stock must be in the books
 * @returns those that are reserved now, oldest first
 */
export const serveQueue = (queue: readonly Reservation[], books: Books): readonly Reservation[] => {
  const served: Reservation[] = [];
  const needed = new Map<string, number>();
  for (const backorder of [...queue].sort(byAge)) {
    const units = unitsOf(backorder.lines);
    const location = locationFor(units, backorder.region, books, (sku) => needed.get(sku) ?? 0);
    if (location === undefined) {
      for (const [sku, count] of units) needed.set(sku, (needed.get(sku) ?? 0) + count);
      continue;
    }
    books.leave(units);
    books.hold(units, location);
    served.push({ ...backorder, state: 'reserved', location });
  }
  return served;
};
