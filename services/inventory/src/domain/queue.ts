import { locationFor } from './allocate.js';
import { byAge, type Reservation } from './reservation.js';
import { type Books, unitsOf } from './stock.js';

/**
 * The backorders that can be touched by a change of these SKUs: those that want one of them, those that share a SKU with
 * those, and so on. For everybody else nothing is different: of no SKU of theirs there is more or less, nor is anybody
 * older who wants it served.
 */
const connectedWith = (queue: readonly Reservation[], skus: Iterable<string>): readonly Reservation[] => {
  const wanting = new Map<string, Reservation[]>();
  for (const backorder of queue) {
    for (const { sku } of backorder.lines) {
      const others = wanting.get(sku);
      if (others) others.push(backorder);
      else wanting.set(sku, [backorder]);
    }
  }
  const connected = new Set<Reservation>();
  // A set is walked to its end, what is added meanwhile included.
  const reached = new Set(skus);
  for (const sku of reached) {
    for (const backorder of wanting.get(sku) ?? []) {
      if (connected.has(backorder)) continue;
      connected.add(backorder);
      for (const line of backorder.lines) reached.add(line.sku);
    }
  }
  return [...connected];
};

/**
 * One pass over the backorders that wait, oldest first, whatever the SKU: reserves each that can have all it needs
 * beside those before it. Only those that are connected with what changed are looked at: among all others nobody could
 * be served before, and nothing has changed for them.
 *
 * One pass leaves nothing that fits. Whoever is served frees nothing for those before it (their predecessors are the
 * same, and less is available), and those after it have their turn with the new state.
 * @param queue what waits, in any order: at least everything that is connected with `changed`, its stock in the books
 * @param changed SKUs of which more may be available now, or of which less is wanted by somebody who waits
 * @returns those that are reserved now, oldest first
 */
export const serveQueue = (
  queue: readonly Reservation[],
  books: Books,
  changed: Iterable<string>,
): readonly Reservation[] => {
  const served: Reservation[] = [];
  const needed = new Map<string, number>();
  for (const backorder of [...connectedWith(queue, changed)].sort(byAge)) {
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
