import { attemptNumber, shipmentIdentity } from '@baton/contracts';
import { moment, named } from '@baton/service-kit';
import { z } from 'zod';
import { type Shipment, shipmentStates, trackingStatuses } from './domain/shipment.js';

const asked = { attempt: attemptNumber, carrier: z.string() };
const booking = z.discriminatedUnion('answer', [
  z.object({ ...asked, answer: z.literal('open') }),
  z.object({ ...asked, answer: z.literal('booked'), bookingId: z.string(), trackingNumber: z.string() }),
  z.object({ ...asked, answer: z.literal('rejected'), reason: z.string(), carriersLeft: z.array(z.string()) }),
]);

export const shipment = named(
  'Shipment',
  z.object({
    ...shipmentIdentity,
    state: z.enum(shipmentStates),
    parcels: z.int().nullable().describe('How many were packed; null until they are.'),
    attempt: z.int().describe('Which try of booking this is; 0 before anybody asked for one.'),
    carrier: z.string().nullable().describe('The carrier of this attempt; null while it is still to be chosen.'),
    bookings: z.array(booking),
    trackingNumber: z.string().nullable(),
    dispatchedAt: moment.nullable().describe('When the carrier took the parcels, by its clock.'),
    tracking: z
      .array(z.object({ status: z.enum(trackingStatuses), at: moment, reason: z.string().optional() }))
      .describe('What the carrier reported, each status once.'),
    createdAt: moment,
  }),
) satisfies z.ZodType<Shipment>;
