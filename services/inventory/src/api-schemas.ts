import {
  identifier,
  line,
  MAX_STOCK_QUANTITY,
  missingLine,
  shipmentNumber,
  shortLine,
  stockQuantity,
  timestamp,
} from '@baton/contracts';
import { moment, named, pageLimit, pagePlace } from '@baton/service-kit';
import { z } from 'zod';
import type { ChangedLevel, ImportedStock, ReservationView, StockView } from './api.js';
import { reservationStates } from './domain/reservation.js';
import type { Drift } from './store/reads.js';

export const place = z.object({ sku: identifier, location: identifier });

export const stockQuery = z.strictObject({
  /** Beginning of the SKUs to list. */
  sku: identifier.optional(),
  low: z.coerce.number().pipe(z.int().min(0).max(MAX_STOCK_QUANTITY)).optional(),
  after: identifier.optional(),
  limit: pageLimit,
});

export const reservationsQuery = z.strictObject({
  orderId: identifier,
  after: z.coerce
    .number()
    .pipe(z.union([z.literal(0), shipmentNumber]))
    .default(0),
  limit: pageLimit,
});

export const backordersQuery = z.strictObject({
  sku: identifier.optional(),
  after: pagePlace(z.tuple([timestamp, identifier, z.coerce.number<string>().pipe(shipmentNumber)])).optional(),
  limit: pageLimit,
});

const level = { location: identifier, onHand: stockQuantity, reserved: stockQuantity };

export const stockView = named(
  'Stock',
  z.object({
    sku: identifier,
    name: z.string().nullable(),
    waiting: z.int().describe('Units that waiting backorders need.'),
    available: z.int().describe('Units that nobody reserved, at all locations together.'),
    levels: z.array(z.object({ ...level, available: stockQuantity })),
  }),
) satisfies z.ZodType<StockView>;

const shipment = { orderId: identifier, shipment: shipmentNumber };

/** A level after a change, and who waited for it. */
export const changedLevel = named(
  'ChangedLevel',
  z.object({
    sku: identifier,
    ...level,
    available: stockQuantity,
    served: z.array(z.object(shipment)).describe('Backorders that got what they waited for.'),
  }),
) satisfies z.ZodType<ChangedLevel>;

export const importedStock = z.object({
  items: z.int().describe('Levels that the catalogue named.'),
  created: z.int(),
  changed: z.int().describe('Levels whose on hand is another now.'),
  unchanged: z.int(),
  keptAtReserved: z
    .array(z.object({ sku: identifier, location: identifier, asked: stockQuantity, onHand: stockQuantity }))
    .describe('Levels that were to be lower than what is reserved there.'),
  served: z.array(z.object(shipment)),
}) satisfies z.ZodType<ImportedStock>;

export const audit = z.object({
  drift: z.int(),
  examples: z.array(
    z.object({
      sku: identifier,
      location: identifier.nullable().describe('Null for units that wait, of all locations.'),
      booked: z.number(),
      live: z.number(),
    }) satisfies z.ZodType<Drift>,
  ),
});

export const reservationView = named(
  'Reservation',
  z.object({
    ...shipment,
    state: z.enum(reservationStates),
    lines: z.array(line),
    region: z.string().nullable().describe('Location that is tried first.'),
    location: identifier.nullable().describe('Where it is held, or was.'),
    placedAt: moment.nullable().describe('Its place in the queue of backorders; null where it never waited.'),
    deadline: moment.nullable().describe('When the coordinator stops waiting.'),
    short: z.array(shortLine).nullable(),
    missing: z.array(missingLine).describe('Units written off so far.'),
  }),
) satisfies z.ZodType<ReservationView>;
