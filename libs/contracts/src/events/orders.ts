import { z } from 'zod';
import { defineEvent, type EventOf } from '../define.js';
import { identifier, lines, text, timestamp } from '../primitives.js';

/** Personal data of one order. It stands in this field of these events alone, and nowhere else on the wire. */
export const customer = z.object({
  customerId: identifier.optional().describe("The shop's own id of the customer."),
  name: text(200),
  email: z.email().max(254),
  address: z.object({
    street: text(200).optional(),
    city: text(200),
    state: text(200).optional(),
    postalCode: text(20),
    country: text(100),
  }),
});
export type Customer = z.infer<typeof customer>;

/** How fast the customer wants it; shipping chooses the carrier's service by it. */
export const serviceLevels = ['same-day', 'first-class', 'second-class', 'standard'] as const;
export type ServiceLevel = (typeof serviceLevels)[number];

/** What the customer wants when stock is short. */
export const shortagePreferences = ['backorder', 'cancel'] as const;
export type ShortagePreference = (typeof shortagePreferences)[number];

const order = z.object({
  orderId: identifier.describe("The shop's own id of the order."),
  customer,
  region: identifier.optional().describe('Location that is tried first, usually the one nearest to the customer.'),
  serviceLevel: z.enum(serviceLevels).default('standard').describe('How fast the customer wants it.'),
  onShortage: z.enum(shortagePreferences).default('backorder').describe('What the customer wants when stock is short.'),
  lines,
});

export const OrderSubmitted = defineEvent({
  name: 'OrderSubmitted',
  topic: 'orders-intake',
  writer: 'anyone',
  doc:
    "A shop's system hands over an order. The id is the shop's own; handing over the same order again changes " +
    'nothing, another order under the same id is rejected.',
  data: order,
});
export type OrderSubmitted = EventOf<typeof OrderSubmitted>;
/** An order as a shop writes it: what has a default may be left out. */
export type OrderInput = z.input<typeof order>;
/** An order with its defaults filled in. */
export type Order = z.infer<typeof order>;

export const OrderCancellationSubmitted = defineEvent({
  name: 'OrderCancellationSubmitted',
  topic: 'orders-intake',
  writer: 'anyone',
  doc: 'A shop asks to cancel an order. It may be read before the order itself, and is then kept for 7 days.',
  data: z.object({ orderId: identifier, reason: text(500).optional() }),
});
export type OrderCancellationSubmitted = EventOf<typeof OrderCancellationSubmitted>;

export const OrderPlaced = defineEvent({
  name: 'OrderPlaced',
  topic: 'orders',
  writer: 'orders',
  doc: 'An order was accepted and will be fulfilled or cancelled. Shipment 1, the whole order, is born with it.',
  data: order.extend({ placedAt: timestamp }),
});
export type OrderPlaced = EventOf<typeof OrderPlaced>;

export const OrderRejected = defineEvent({
  name: 'OrderRejected',
  topic: 'orders',
  writer: 'orders',
  doc: 'A submission was refused. It says nothing about an order that was accepted earlier under the same id.',
  data: z.object({ orderId: identifier, reason: z.enum(['order-id-reused']), detail: text(1_000) }),
});
export type OrderRejected = EventOf<typeof OrderRejected>;

export const OrderCancellationRequested = defineEvent({
  name: 'OrderCancellationRequested',
  topic: 'orders',
  writer: 'orders',
  doc: 'The customer wants an accepted order cancelled. The coordinator answers each wish, also after the end.',
  data: z.object({
    orderId: identifier,
    wish: z.int().min(1).describe('Counts the wishes for this order, from 1.'),
    reason: text(500).optional(),
  }),
});
export type OrderCancellationRequested = EventOf<typeof OrderCancellationRequested>;
