import type { Line, ShortLine } from '@baton/contracts';
import { type Books, byName, type Units } from './stock.js';

/** Units of a SKU that are spoken for by those who came earlier, wherever they will be taken from. */
export type Earlier = (sku: string) => number;

/** For a shipment that is not in the queue: everybody who waits came earlier. */
export const allWaiting =
  (books: Books): Earlier =>
  (sku) =>
    books.get(sku)?.waiting ?? 0;

/**
 * The one location that has the whole shipment: the wanted region if it can, else the first by name. At each location,
 * what is available minus what earlier ones need must cover the need of every SKU. What they need is subtracted
 * everywhere, since nobody knows yet where they will be served: so a newcomer can never be what they are short of.
 */
export const locationFor = (
  units: Units,
  region: string | null,
  books: Books,
  earlier: Earlier,
): string | undefined => {
  const [first] = units.keys();
  if (first === undefined) throw new Error('A shipment without lines needs no location.');
  const fits = (location: string): boolean => {
    for (const [sku, count] of units) {
      if (books.available(sku, location) - earlier(sku) < count) return false;
    }
    return true;
  };
  const locations = (books.get(first)?.levels ?? []).map(({ location }) => location).sort(byName);
  if (region !== null && locations.includes(region) && fits(region)) return region;
  return locations.find((location) => location !== region && fits(location));
};

/**
 * Locations that a short line names at most, those with most first of all: with 200 lines of them the event stays below
 * what readers take and a broker keeps.
 */
const NAMED_LOCATIONS = 20;

/** What the lines of a shipment could have had, for whoever has to decide what to do without. */
export const shortLinesOf = (lines: readonly Line[], books: Books, earlier: Earlier): ShortLine[] =>
  lines.map(({ lineId, sku, quantity }) => {
    const levels = books.get(sku)?.levels ?? [];
    return {
      lineId,
      sku,
      requested: quantity,
      known: levels.length > 0,
      available: levels
        .map(({ location }) => ({
          location,
          quantity: Math.max(0, books.available(sku, location) - earlier(sku)),
        }))
        .sort((a, b) => b.quantity - a.quantity)
        .slice(0, NAMED_LOCATIONS)
        .sort((a, b) => byName(a.location, b.location)),
    };
  });
