import { z } from 'zod';
import { defineEvent, type EventOf } from '../define.js';
import { identifier, line, missingLine, quantity, shipmentIdentity, stockQuantity } from '../primitives.js';

const events = { topic: 'inventory', writer: 'inventory' } as const;

export const StockReserved = defineEvent({
  ...events,
  name: 'StockReserved',
  doc: 'All units of the shipment are held at one location. The warehouse begins to pick, shipping to book.',
  data: z.object({
    ...shipmentIdentity,
    location: identifier,
    lines: z.array(line).min(1),
    backordered: z.boolean().describe('True when the shipment had waited as a backorder.'),
  }),
});
export type StockReserved = EventOf<typeof StockReserved>;

export const shortLine = z.object({
  lineId: identifier,
  sku: identifier,
  requested: quantity,
  known: z.boolean().describe('False when no location has ever held this SKU, so that waiting for it is no use.'),
  available: z
    .array(z.object({ location: identifier, quantity: stockQuantity }))
    .describe('What could have been taken where, after what older backorders need; the 20 locations with most.'),
});
export type ShortLine = z.infer<typeof shortLine>;

export const StockShort = defineEvent({
  ...events,
  name: 'StockShort',
  doc: 'No single location has all that the shipment needs; nothing is held. The shipment has ended.',
  data: z.object({ ...shipmentIdentity, lines: z.array(shortLine).min(1) }),
});
export type StockShort = EventOf<typeof StockShort>;

export const StockReleased = defineEvent({
  ...events,
  name: 'StockReleased',
  doc: 'Nothing is held for the shipment any more, and nothing will be; missing units were written off.',
  data: z.object({
    ...shipmentIdentity,
    lines: z.array(line).describe('What went back to available stock; empty when nothing was held.'),
    missing: z.array(missingLine),
  }),
});
export type StockReleased = EventOf<typeof StockReleased>;

export const StockSettled = defineEvent({
  ...events,
  name: 'StockSettled',
  doc: 'The units of a dispatched shipment have left the books: on hand and reserved were lowered together.',
  data: z.object({ ...shipmentIdentity, location: identifier, lines: z.array(line).min(1) }),
});
export type StockSettled = EventOf<typeof StockSettled>;

const level = { sku: identifier, location: identifier, onHand: stockQuantity, reserved: stockQuantity };

export const StockReplenished = defineEvent({
  name: 'StockReplenished',
  topic: 'stock',
  writer: 'inventory',
  doc: 'Goods arrived at a location. Waiting backorders were tried, oldest first, in the same unit of work.',
  data: z.object({ ...level, quantity: z.int().min(1) }),
});
export type StockReplenished = EventOf<typeof StockReplenished>;

export const StockCounted = defineEvent({
  name: 'StockCounted',
  topic: 'stock',
  writer: 'inventory',
  doc:
    'Somebody counted what is there, and the book was set to it. On hand includes what is picked or packed, until ' +
    'ShipmentDispatched: whoever counts, counts that too.',
  data: z.object({ ...level, difference: z.int() }),
});
export type StockCounted = EventOf<typeof StockCounted>;
