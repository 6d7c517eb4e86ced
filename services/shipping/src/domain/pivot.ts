import { cancellationRefused, cancelled, dispatched, tracked } from './answers.js';
import { type Decision, decided } from './decision.js';
import { bookedWith, newShipment, type Shipment, type ShipmentIdentity, type TrackingFact } from './shipment.js';

/**
 * The pivot. A shipment that is packed and booked is handed over; one that is called off is cancelled; both meet in this
 * record, and whichever is decided first stands.
 */

/** Everything is packed. If it is booked too, the handover is decided with it. */
export const shipmentWasPacked = (
  row: Shipment | undefined,
  packed: ShipmentIdentity & { readonly parcels: number },
  now: string,
): Decision => {
  const before = row ?? newShipment(packed, now);
  if (before.state === 'cancelling' || before.state === 'cancelled') return decided(before);
  if (before.parcels !== null) return decided(before, dispatched(before));
  const ready: Shipment = { ...before, parcels: packed.parcels };
  return ready.state === 'booked' ? handOver(ready) : decided(ready);
};

/** Decides the handover of what is packed and booked. From here on the shipment only goes forward. */
export const handOver = (row: Shipment): Decision => {
  const { orderId, shipment, parcels } = row;
  const booking = bookedWith(row);
  if (!booking || parcels === null) throw new Error(`Shipment ${orderId}/${shipment} is not packed and booked.`);
  const { attempt, carrier, bookingId } = booking;
  return decided(
    { ...row, state: 'dispatching' },
    [],
    [{ kind: 'hand-over', orderId, shipment, attempt, carrier, bookingId, parcels }],
  );
};

/** The carrier took the parcels. What it had reported of them before this answer is said now, after it. */
export const carrierTookOver = (row: Shipment, handedOverAt: string): Decision => {
  if (row.state !== 'dispatching') return decided(row);
  const gone: Shipment = { ...row, state: 'dispatched', dispatchedAt: handedOverAt, tracking: [] };
  const told = row.tracking.reduce(
    (so, fact) => {
      const next = trackingWasReported(so.shipment, fact);
      return next === 'not-handed-over' ? so : decided(next.shipment, [...so.say, ...next.say]);
    },
    decided(gone, dispatched(gone)),
  );
  return told;
};

/**
 * The shipment is called off. Refused once the handover is decided; done at once when no carrier has anything of it;
 * else done when the open call has an answer and the carrier has confirmed the cancellation of what it had booked.
 */
export const cancellationWasRequested = (
  row: Shipment | undefined,
  identity: ShipmentIdentity,
  now: string,
): Decision => {
  const before = row ?? newShipment(identity, now);
  switch (before.state) {
    case 'waiting':
    case 'rejected':
      return undone(before);
    case 'booking':
      return decided({ ...before, state: 'cancelling' });
    case 'booked':
      return cancelBooking({ ...before, state: 'cancelling' });
    case 'cancelling':
      return decided(before);
    case 'cancelled':
      return decided(before, [cancelled(before)]);
    case 'dispatching':
    case 'dispatched':
    case 'delivered':
    case 'lost':
    case 'returned':
      return decided(before, [cancellationRefused(before)]);
    default:
      return before.state satisfies never;
  }
};

/** Asks the carrier to cancel what it had booked. */
export const cancelBooking = (row: Shipment): Decision => {
  const { orderId, shipment } = row;
  const booking = bookedWith(row);
  if (!booking) throw new Error(`Shipment ${orderId}/${shipment} has no booking to cancel.`);
  const { attempt, carrier, bookingId } = booking;
  return decided(row, [], [{ kind: 'cancel', orderId, shipment, attempt, carrier, bookingId }]);
};

/** The carrier confirmed the cancellation. */
export const carrierCancelled = (row: Shipment): Decision => (row.state === 'cancelling' ? undone(row) : decided(row));

const undone = (row: Shipment): Decision => {
  const end: Shipment = { ...row, state: 'cancelled' };
  return decided(end, [cancelled(end)]);
};

/**
 * The carrier reported of a parcel. Before the handover's answer it is only kept; each status counts once, and what was
 * delivered or returned is not lost any more, whatever arrives late. A report about parcels that were never to be
 * handed over contradicts the record and is refused.
 */
export const trackingWasReported = (row: Shipment, fact: TrackingFact): Decision | 'not-handed-over' => {
  if (row.tracking.some(({ status }) => status === fact.status)) return decided(row);
  // Known from the handover's answer already: most shipments save themselves a write by this.
  if (fact.status === 'dispatched' && row.dispatchedAt !== null) return decided(row);
  const heard: Shipment = { ...row, tracking: [...row.tracking, fact] };
  switch (row.state) {
    case 'dispatching':
      return decided(heard);
    case 'dispatched':
    case 'delivered':
    case 'lost':
    case 'returned':
      return isNews(row, fact) ? decided({ ...heard, state: fact.status }, tracked(heard, fact)) : decided(heard);
    case 'waiting':
    case 'booking':
    case 'rejected':
    case 'booked':
    case 'cancelling':
    case 'cancelled':
      return 'not-handed-over';
    default:
      return row.state satisfies never;
  }
};

/** A report of less than what stands says nothing new: it was overtaken on its way. */
const isNews = ({ state }: Shipment, { status }: TrackingFact): boolean => {
  const order: readonly string[] = ['dispatched', 'lost', 'delivered', 'returned'];
  return order.indexOf(status) > order.indexOf(state);
};
