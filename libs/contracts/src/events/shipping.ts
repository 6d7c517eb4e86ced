import { z } from 'zod';
import { defineEvent, type EventOf } from '../define.js';
import { attemptNumber, identifier, shipmentIdentity, text, timestamp } from '../primitives.js';

const events = { topic: 'shipping', writer: 'shipping' } as const;
const parcel = { ...shipmentIdentity, attempt: attemptNumber, carrier: identifier, trackingNumber: text(100) };

export const ShipmentBooked = defineEvent({
  ...events,
  name: 'ShipmentBooked',
  doc: 'A carrier will collect the shipment. It is dispatched as soon as it is packed, too.',
  data: z.object(parcel),
});
export type ShipmentBooked = EventOf<typeof ShipmentBooked>;

export const ShipmentRejected = defineEvent({
  ...events,
  name: 'ShipmentRejected',
  doc: 'The carrier said no, for good. An answer that did not come is never this: the call is repeated.',
  data: z.object({
    ...shipmentIdentity,
    attempt: attemptNumber,
    carrier: identifier,
    reason: text(500),
    carriersLeft: z
      .array(identifier)
      .describe('Carriers that were not asked yet for this shipment, in the order in which they should be.'),
  }),
});
export type ShipmentRejected = EventOf<typeof ShipmentRejected>;

export const ShipmentDispatched = defineEvent({
  ...events,
  name: 'ShipmentDispatched',
  doc: 'The carrier took the parcels. This is the pivot: from here on the shipment only goes forward.',
  data: z.object({ ...parcel, dispatchedAt: timestamp }),
});
export type ShipmentDispatched = EventOf<typeof ShipmentDispatched>;

export const ShipmentDelivered = defineEvent({
  ...events,
  name: 'ShipmentDelivered',
  doc: 'The carrier reported delivery.',
  data: z.object({ ...parcel, deliveredAt: timestamp }),
});
export type ShipmentDelivered = EventOf<typeof ShipmentDelivered>;

const carriersCode = text(500).describe("The carrier's code; 'no reason given' where it gave none, or free text.");

export const ShipmentLost = defineEvent({
  ...events,
  name: 'ShipmentLost',
  doc: 'The carrier lost the parcels.',
  data: z.object({ ...parcel, reason: carriersCode }),
});
export type ShipmentLost = EventOf<typeof ShipmentLost>;

export const ShipmentReturned = defineEvent({
  ...events,
  name: 'ShipmentReturned',
  doc: 'The parcels came back undelivered.',
  data: z.object({ ...parcel, reason: carriersCode }),
});
export type ShipmentReturned = EventOf<typeof ShipmentReturned>;

export const ShipmentCancelled = defineEvent({
  ...events,
  name: 'ShipmentCancelled',
  doc: 'The shipment will not go out: no call to a carrier is open, and what was booked was cancelled there.',
  data: z.object(shipmentIdentity),
});
export type ShipmentCancelled = EventOf<typeof ShipmentCancelled>;

export const ShipmentCancellationRefused = defineEvent({
  ...events,
  name: 'ShipmentCancellationRefused',
  doc: 'The shipment has gone out, or its handover was already decided; nothing of it is undone.',
  data: z.object({ ...shipmentIdentity, carrier: identifier, trackingNumber: text(100) }),
});
export type ShipmentCancellationRefused = EventOf<typeof ShipmentCancellationRefused>;
