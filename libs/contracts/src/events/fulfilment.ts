import { z } from 'zod';
import { defineEvent, type EventOf } from '../define.js';
import {
  attemptNumber,
  identifier,
  line,
  missingLine,
  quantity,
  shipmentIdentity,
  shipmentNumber,
  text,
  timestamp,
} from '../primitives.js';

const events = { topic: 'fulfilment', writer: 'coordinator' } as const;

export const FulfilmentStarted = defineEvent({
  ...events,
  name: 'FulfilmentStarted',
  doc: 'A saga watches the order from now on, by this version of its definition.',
  data: z.object({ orderId: identifier, definition: identifier, version: z.int().min(1) }),
});
export type FulfilmentStarted = EventOf<typeof FulfilmentStarted>;

/** How often FulfilmentContinued is said of an order, days: longer than nearly all orders take. */
export const CONTINUED_EVERY_DAYS = 10;

export const FulfilmentContinued = defineEvent({
  ...events,
  name: 'FulfilmentContinued',
  doc:
    'The order is still under way; said of each that takes long, every ten days. What is kept of it, such as its ' +
    'address, is needed on, whatever its age.',
  data: z.object({
    orderId: identifier,
    shipments: z.array(shipmentNumber).describe('All that were born, those that have ended too.'),
  }),
});
export type FulfilmentContinued = EventOf<typeof FulfilmentContinued>;

const newShipment = {
  ...shipmentIdentity,
  replaces: z.int().min(1).describe('The shipment whose lines this one takes over.'),
  region: identifier.optional(),
  lines: z.array(line).min(1),
};

export const StockRequested = defineEvent({
  ...events,
  name: 'StockRequested',
  doc: 'A new shipment is born: its stock is to be reserved now, or reported short.',
  data: z.object(newShipment),
});
export type StockRequested = EventOf<typeof StockRequested>;

export const BackorderPlaced = defineEvent({
  ...events,
  name: 'BackorderPlaced',
  doc: 'A new shipment is born that waits for stock, in the order in which backorders were placed.',
  data: z.object({
    ...newShipment,
    placedAt: timestamp.describe('Decides its place among the waiting; the same when it is asked again.'),
    deadline: timestamp.describe('When the coordinator stops waiting.'),
  }),
});
export type BackorderPlaced = EventOf<typeof BackorderPlaced>;

export const ShipmentBookingRequested = defineEvent({
  ...events,
  name: 'ShipmentBookingRequested',
  doc: 'Another carrier is to be booked. Attempt 1 is set off by StockReserved, without the coordinator.',
  data: z.object({
    ...shipmentIdentity,
    attempt: attemptNumber,
    carrier: identifier
      .optional()
      .describe('Absent when the same booking is asked for again and shipping chose the carrier.'),
  }),
});
export type ShipmentBookingRequested = EventOf<typeof ShipmentBookingRequested>;

/** Why something is undone. */
export const undoReasons = [
  'customer-cancelled',
  'no-carrier-left',
  'backorder-expired',
  'pick-list-short',
  'operator',
] as const;
const undo = { ...shipmentIdentity, reason: z.enum(undoReasons) };

export const ShipmentCancellationRequested = defineEvent({
  ...events,
  name: 'ShipmentCancellationRequested',
  doc: 'Compensating event: the shipment must not go out. Shipping is always asked first, for it decides the pivot.',
  data: z.object(undo),
});
export type ShipmentCancellationRequested = EventOf<typeof ShipmentCancellationRequested>;

export const PickListCancellationRequested = defineEvent({
  ...events,
  name: 'PickListCancellationRequested',
  doc: 'Compensating event: stop picking, and put away what has left its shelf.',
  data: z.object(undo),
});
export type PickListCancellationRequested = EventOf<typeof PickListCancellationRequested>;

export const StockReleaseRequested = defineEvent({
  ...events,
  name: 'StockReleaseRequested',
  doc: 'Compensating event: release what is held, or stop waiting for it. Missing units are written off first.',
  data: z.object({ ...undo, missing: z.array(missingLine) }),
});
export type StockReleaseRequested = EventOf<typeof StockReleaseRequested>;

export const OrderDelayed = defineEvent({
  ...events,
  name: 'OrderDelayed',
  doc: 'The customer has to wait longer than promised for this shipment.',
  data: z.object({
    ...shipmentIdentity,
    step: identifier.describe('The step of the saga definition that is late.'),
    reason: z.enum(['stock-short', 'late']),
    expectedAt: timestamp.optional().describe('When it is expected instead; absent when nobody knows.'),
  }),
});
export type OrderDelayed = EventOf<typeof OrderDelayed>;

export const CancellationRefused = defineEvent({
  ...events,
  name: 'CancellationRefused',
  doc: 'Something of the order has gone out, so that the order as a whole can no longer be cancelled.',
  data: z.object({
    orderId: identifier,
    wish: z.int().min(1),
    dispatched: z.array(z.object({ shipment: z.int().min(1), carrier: identifier, trackingNumber: text(100) })).min(1),
  }),
});
export type CancellationRefused = EventOf<typeof CancellationRefused>;

export const IncidentOpened = defineEvent({
  ...events,
  name: 'IncidentOpened',
  doc: 'The saga needs an operator. It runs on: a late success closes the incident by itself.',
  data: z.object({
    orderId: identifier,
    incidentId: text(200),
    shipment: z.int().min(0).describe('0 stands for the order as a whole.'),
    step: identifier,
    reason: text(1_000),
    owner: identifier,
    dueAt: timestamp,
  }),
});
export type IncidentOpened = EventOf<typeof IncidentOpened>;

export const IncidentResolved = defineEvent({
  ...events,
  name: 'IncidentResolved',
  doc: 'What the incident was about is settled.',
  data: z.object({ orderId: identifier, incidentId: text(200), resolution: text(1_000) }),
});
export type IncidentResolved = EventOf<typeof IncidentResolved>;

export const lineOutcomes = ['delivered', 'lost', 'returned', 'cancelled'] as const;
export type LineOutcome = (typeof lineOutcomes)[number];

export const FulfilmentCompleted = defineEvent({
  ...events,
  name: 'FulfilmentCompleted',
  doc: 'Every shipment of the order has ended, and at least one had been dispatched.',
  data: z.object({
    orderId: identifier,
    lines: z
      .array(
        z.object({
          lineId: identifier,
          sku: identifier,
          quantity,
          shipment: z.int().min(0),
          outcome: z.enum(lineOutcomes),
        }),
      )
      .min(1),
  }),
});
export type FulfilmentCompleted = EventOf<typeof FulfilmentCompleted>;

/** Why an order was cancelled as a whole. */
export const cancellationReasons = [
  'customer-cancelled',
  'stock-short',
  'unknown-sku',
  'backorder-expired',
  'no-carrier-left',
  'operator',
] as const;
export type CancellationReason = (typeof cancellationReasons)[number];

export const FulfilmentCancelled = defineEvent({
  ...events,
  name: 'FulfilmentCancelled',
  doc: 'Every shipment of the order was undone or never began; nothing was dispatched and nothing is held.',
  data: z.object({ orderId: identifier, reason: z.enum(cancellationReasons), detail: text(1_000) }),
});
export type FulfilmentCancelled = EventOf<typeof FulfilmentCancelled>;
