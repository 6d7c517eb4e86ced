import type { z } from 'zod';
import type { EventDefinition } from './define.js';
import * as fulfilment from './events/fulfilment.js';
import * as inventory from './events/inventory.js';
import * as notification from './events/notification.js';
import * as orders from './events/orders.js';
import * as shipping from './events/shipping.js';
import * as warehouse from './events/warehouse.js';

const orderId = 'CA-2016-152156';
const lines = [
  { lineId: '1', sku: 'FUR-BO-10001798', quantity: 2 },
  { lineId: '2', sku: 'FUR-CH-10000454', quantity: 3 },
] as const;
const order = {
  orderId,
  customer: {
    customerId: 'CG-12520',
    name: 'Claire Gute',
    email: 'cg-12520@example.test',
    address: {
      street: '12 Main Street',
      city: 'Henderson',
      state: 'Kentucky',
      postalCode: '42420',
      country: 'United States',
    },
  },
  region: 'South',
  serviceLevel: 'second-class',
  onShortage: 'backorder',
  lines: [...lines],
} satisfies orders.OrderInput;

const shipment = { orderId, shipment: 1 };
const secondShipment = { orderId, shipment: 2 };
const parcel = { ...shipment, attempt: 1, carrier: 'swift', trackingNumber: 'SW-0000042' };
const missing = [{ lineId: '2', sku: 'FUR-CH-10000454', quantity: 1 }];
const undo = { ...shipment, reason: 'customer-cancelled' } as const;
const mail = {
  ...shipment,
  reason: 'shipment-dispatched',
  messageId: `<${orderId}.1.shipment-dispatched@baton.test>`,
} as const;

/** Types the data of an example by its definition. */
const of = <Schema extends z.ZodType>(definition: EventDefinition<string, Schema>, data: z.input<Schema>) =>
  [definition.type, data] as const;

/** One example of each event's data, by its CloudEvents type: for the reference, the AsyncAPI document, and tests. */
export const examples: Readonly<Record<string, unknown>> = Object.fromEntries([
  of(orders.OrderSubmitted, order),
  of(orders.OrderCancellationSubmitted, { orderId, reason: 'ordered twice by mistake' }),
  of(orders.OrderPlaced, { ...order, placedAt: '2026-11-08T09:30:00.000Z' }),
  of(orders.OrderRejected, {
    orderId,
    reason: 'order-id-reused',
    detail: 'An order with other content was accepted under this id before.',
  }),
  of(orders.OrderCancellationRequested, { orderId, wish: 1, reason: 'ordered twice by mistake' }),

  of(inventory.StockReserved, { ...shipment, location: 'South', lines: [...lines], backordered: false }),
  of(inventory.StockShort, {
    ...shipment,
    lines: [
      {
        lineId: '2',
        sku: 'FUR-CH-10000454',
        requested: 3,
        known: true,
        available: [
          { location: 'South', quantity: 0 },
          { location: 'West', quantity: 2 },
        ],
      },
    ],
  }),
  of(inventory.StockReleased, { ...shipment, lines: [...lines], missing: [] }),
  of(inventory.StockSettled, { ...shipment, location: 'South', lines: [...lines] }),
  of(inventory.StockReplenished, {
    sku: 'FUR-CH-10000454',
    location: 'South',
    quantity: 50,
    onHand: 53,
    reserved: 3,
  }),
  of(inventory.StockCounted, { sku: 'FUR-CH-10000454', location: 'South', difference: -1, onHand: 52, reserved: 3 }),

  of(warehouse.PickListCreated, { ...shipment, location: 'South', lines: [...lines] }),
  of(warehouse.PickListShort, {
    ...shipment,
    location: 'South',
    lines: [
      { lineId: '1', sku: 'FUR-BO-10001798', requested: 2, picked: 2 },
      { lineId: '2', sku: 'FUR-CH-10000454', requested: 3, picked: 2 },
    ],
    missing,
  }),
  of(warehouse.PickListPacked, { ...shipment, location: 'South', lines: [...lines], parcels: 1 }),
  of(warehouse.PickListCancelled, { ...shipment, missing: [] }),

  of(shipping.ShipmentBooked, parcel),
  of(shipping.ShipmentRejected, {
    ...shipment,
    attempt: 1,
    carrier: 'swift',
    reason: 'no collection at this postal code',
    carriersLeft: ['steady'],
  }),
  of(shipping.ShipmentDispatched, { ...parcel, dispatchedAt: '2026-11-08T15:05:00.000Z' }),
  of(shipping.ShipmentDelivered, { ...parcel, deliveredAt: '2026-11-11T10:20:00.000Z' }),
  of(shipping.ShipmentLost, { ...parcel, reason: 'not found in the depot' }),
  of(shipping.ShipmentReturned, { ...parcel, reason: 'addressee unknown' }),
  of(shipping.ShipmentCancelled, shipment),
  of(shipping.ShipmentCancellationRefused, { ...shipment, carrier: 'swift', trackingNumber: 'SW-0000042' }),

  of(notification.CustomerNotified, mail),
  of(notification.NotificationFailed, { ...mail, detail: '550 5.1.1 no such mailbox' }),

  of(fulfilment.FulfilmentStarted, { orderId, definition: 'order-fulfilment', version: 1 }),
  of(fulfilment.FulfilmentContinued, { orderId, shipments: [1, 2] }),
  of(fulfilment.StockRequested, { ...secondShipment, replaces: 1, region: 'South', lines: [...lines] }),
  of(fulfilment.BackorderPlaced, {
    ...secondShipment,
    replaces: 1,
    region: 'South',
    lines: [...lines],
    placedAt: '2026-11-08T09:30:01.000Z',
    deadline: '2026-11-22T09:30:01.000Z',
  }),
  of(fulfilment.ShipmentBookingRequested, { ...shipment, attempt: 2, carrier: 'steady' }),
  of(fulfilment.ShipmentCancellationRequested, undo),
  of(fulfilment.PickListCancellationRequested, undo),
  of(fulfilment.StockReleaseRequested, { ...undo, missing }),
  of(fulfilment.OrderDelayed, {
    ...secondShipment,
    step: 'reserve',
    reason: 'stock-short',
    expectedAt: '2026-11-22T09:30:01.000Z',
  }),
  of(fulfilment.CancellationRefused, {
    orderId,
    wish: 1,
    dispatched: [{ shipment: 1, carrier: 'swift', trackingNumber: 'SW-0000042' }],
  }),
  of(fulfilment.IncidentOpened, {
    orderId,
    incidentId: `order-fulfilment~${orderId}~1`,
    shipment: 1,
    step: 'dispatch',
    reason: 'The carrier has refused the handover for 24 hours.',
    owner: 'shipping',
    dueAt: '2026-11-09T15:05:00.000Z',
  }),
  of(fulfilment.IncidentResolved, {
    orderId,
    incidentId: `order-fulfilment~${orderId}~1`,
    resolution: 'The carrier took the parcels after all.',
  }),
  of(fulfilment.FulfilmentCompleted, {
    orderId,
    lines: lines.map((line) => ({ ...line, shipment: 1, outcome: 'delivered' as const })),
  }),
  of(fulfilment.FulfilmentCancelled, {
    orderId,
    reason: 'customer-cancelled',
    detail: 'The customer cancelled before anything was dispatched.',
  }),
]);
