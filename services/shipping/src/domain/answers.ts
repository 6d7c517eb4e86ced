import {
  type EventDraft,
  ShipmentBooked,
  ShipmentCancellationRefused,
  ShipmentCancelled,
  ShipmentDelivered,
  ShipmentDispatched,
  ShipmentLost,
  ShipmentRejected,
  ShipmentReturned,
} from '@baton/contracts';
import { bookedWith, type Booking, type Shipment, type TrackingFact } from './shipment.js';

/**
 * What shipping says, rebuilt from the record alone: whoever asks again gets the first answer's id and content.
 */
const of = ({ orderId, shipment }: Shipment) => ({ orderId, shipment });

const parcelOf = (row: Shipment) => {
  const booking = bookedWith(row);
  if (!booking) throw new Error(`Shipment ${row.orderId}/${row.shipment} is ${row.state} without a booking.`);
  const { attempt, carrier, trackingNumber } = booking;
  return { ...of(row), attempt, carrier, trackingNumber };
};

/** The answer to the current attempt, if there is one. */
export const bookingAnswer = (row: Shipment): readonly EventDraft[] => {
  const booking = row.bookings.find(({ attempt }) => attempt === row.attempt);
  return booking ? sayBooking(row, booking) : [];
};

const sayBooking = (row: Shipment, booking: Booking): readonly EventDraft[] => {
  switch (booking.answer) {
    case 'open':
      return [];
    case 'booked':
      return [ShipmentBooked(parcelOf(row))];
    case 'rejected': {
      const { attempt, carrier, reason, carriersLeft } = booking;
      return [ShipmentRejected({ ...of(row), attempt, carrier, reason, carriersLeft: [...carriersLeft] })];
    }
    default:
      return booking satisfies never;
  }
};

export const dispatched = (row: Shipment): readonly EventDraft[] =>
  row.dispatchedAt === null ? [] : [ShipmentDispatched({ ...parcelOf(row), dispatchedAt: row.dispatchedAt })];

export const cancelled = (row: Shipment): EventDraft => ShipmentCancelled(of(row));

export const cancellationRefused = (row: Shipment): EventDraft => {
  const { carrier, trackingNumber } = parcelOf(row);
  return ShipmentCancellationRefused({ ...of(row), carrier, trackingNumber });
};

/** `dispatched` says nothing: the handover's own answer is what counts. */
export const tracked = (
  row: Shipment,
  { status, at, reason = 'no reason given' }: TrackingFact,
): readonly EventDraft[] => {
  switch (status) {
    case 'dispatched':
      return [];
    case 'delivered':
      return [ShipmentDelivered({ ...parcelOf(row), deliveredAt: at })];
    case 'lost':
      return [ShipmentLost({ ...parcelOf(row), reason })];
    case 'returned':
      return [ShipmentReturned({ ...parcelOf(row), reason })];
    default:
      return status satisfies never;
  }
};
