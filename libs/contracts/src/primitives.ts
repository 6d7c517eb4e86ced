import { z } from 'zod';

/** Smallest and largest number of units that one order line may ask for. */
export const MAX_LINE_QUANTITY = 10_000;
/** How many lines one order may have; more is a wholesale order that should be split by its sender. */
export const MAX_ORDER_LINES = 200;
/** Largest number of units of one SKU at one location; keeps sums of many lines within Postgres' integer. */
export const MAX_STOCK_QUANTITY = 1_000_000_000;

/**
 * Text that every store and every reader can hold: no NUL (Postgres refuses it) and no lone surrogate (it is not
 * valid UTF-8). In a pattern with the `u` flag a surrogate *pair* is one character above U+FFFF, so emoji pass.
 */
const storable = /^[^\u0000\uD800-\uDFFF]*$/u;

/** Text for people: 1 to `max` UTF-16 units, storable everywhere. */
export const text = (max: number) =>
  z.string().min(1).max(max).regex(storable, 'must not contain NUL characters or lone surrogates');

/**
 * An identifier that somebody else chose (order, line, SKU, location): 1 to 64 characters that need no escaping in a
 * URL path, a Kafka key, a mail's Message-ID or a derived event id.
 */
export const identifier = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._~:-]{0,63}$/,
    'must be 1 to 64 letters, digits or . _ ~ : - and begin with a letter or digit',
  );

/** A moment on the wire: ISO 8601 in UTC, as `Date.prototype.toISOString` prints it. */
export const timestamp = z.iso
  .datetime()
  .refine((moment) => !moment.startsWith('0000'), 'must not be in the year 0, which Postgres does not know');

const wholeUnits = `must be a whole number from 1 to ${MAX_LINE_QUANTITY}`;
/** Units on an order line or in a parcel. */
export const quantity = z.int(wholeUnits).min(1, wholeUnits).max(MAX_LINE_QUANTITY, wholeUnits);

/** Units of one SKU at one location. */
export const stockQuantity = z.int().min(0).max(MAX_STOCK_QUANTITY);

/** Which shipment of an order: 1 is the whole order; later ones ascend and are never used again. */
export const shipmentNumber = z.int().min(1).max(10_000);

/** Which try of one step within a shipment, from 1. */
export const attemptNumber = z.int().min(1).max(1_000);

/** One line as the participants need it: what, and how many. */
export const line = z.object({
  lineId: identifier.describe('Its own id in the order; one SKU may stand on several lines.'),
  sku: identifier,
  quantity: quantity.describe('Units.'),
});
export type Line = z.infer<typeof line>;

/** Units of a line that were looked for and not found; cumulative over the life of a shipment. */
export const missingLine = z.object({
  lineId: identifier,
  sku: identifier,
  quantity: quantity.describe('Units looked for and not found, cumulative over the life of the shipment.'),
});
export type MissingLine = z.infer<typeof missingLine>;

/** The lines of one shipment or order: at least one, and no line id twice. */
export const lines = z
  .array(line)
  .min(1, 'an order needs at least one line')
  .max(MAX_ORDER_LINES)
  .superRefine((all, context) => {
    const seen = new Set<string>();
    for (const [index, { lineId }] of all.entries()) {
      if (seen.has(lineId)) {
        context.addIssue({ code: 'custom', path: [index, 'lineId'], message: `line id ${lineId} is used twice` });
      }
      seen.add(lineId);
    }
  });

/** Every event about one shipment carries these two; together they are the shipment's identity. */
export const shipmentIdentity = {
  orderId: identifier,
  shipment: shipmentNumber.describe('Which shipment of the order: 1 is the whole order, later ones ascend.'),
};
