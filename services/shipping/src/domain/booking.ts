import type { ServiceLevel } from '@baton/contracts';
import { bookingAnswer, cancelled } from './answers.js';
import { carriersFor } from './carriers.js';
import { type BookingAnswer, type Decision, decided } from './decision.js';
import { cancelBooking, handOver } from './pivot.js';
import { type Booking, newShipment, type Shipment, type ShipmentIdentity } from './shipment.js';

/** A wish to book: StockReserved is the first attempt, ShipmentBookingRequested names its own. */
export interface BookingWish extends ShipmentIdentity {
  readonly attempt: number;
  /** Absent when shipping is to choose. */
  readonly carrier?: string | undefined;
}

/** What shipping must know of the order to book; undefined until OrderPlaced was heard. */
export interface KnownOrder {
  readonly serviceLevel: ServiceLevel;
}

/**
 * A booking is asked for. The same attempt again is answered again if it has an answer; a lower one is ignored, and so
 * is a higher one while the current attempt is open or booked: two carriers never have the same shipment. Without the
 * address it waits (state `waiting`, attempt kept) for `orderBecameKnown`.
 * @param carriers all carriers, in the configured order
 */
export const bookingWasAskedFor = (
  row: Shipment | undefined,
  wish: BookingWish,
  order: KnownOrder | undefined,
  carriers: readonly string[],
  now: string,
): Decision => {
  const before = row ?? newShipment(wish, now);
  if (before.state === 'cancelling' || before.state === 'cancelled' || wish.attempt < before.attempt) {
    return decided(before);
  }
  if (wish.attempt === before.attempt) return decided(before, bookingAnswer(before));
  if (before.state !== 'waiting' && before.state !== 'rejected') return decided(before);
  const asked: Shipment = { ...before, state: 'waiting', attempt: wish.attempt, carrier: wish.carrier ?? null };
  return order ? askCarrier(asked, order, carriers) : decided(asked);
};

/** The address came: what waits for it goes on. */
export const orderBecameKnown = (row: Shipment, order: KnownOrder, carriers: readonly string[]): Decision =>
  row.state === 'waiting' && row.attempt > 0 ? askCarrier(row, order, carriers) : decided(row);

const askCarrier = (row: Shipment, { serviceLevel }: KnownOrder, carriers: readonly string[]): Decision => {
  const { orderId, shipment, attempt } = row;
  const inTurn = carriersFor(orderId, serviceLevel, carriers);
  const carrier = row.carrier ?? notAsked(row, inTurn)[0] ?? inTurn[0];
  if (carrier === undefined) throw new Error('No carrier is configured; see SHIPPING_CARRIERS.');
  const open: Booking = { attempt, carrier, answer: 'open' };
  return decided(
    { ...row, state: 'booking', carrier, bookings: [...row.bookings, open] },
    [],
    [{ kind: 'book', orderId, shipment, attempt, carrier, serviceLevel }],
  );
};

const notAsked = (row: Shipment, inTurn: readonly string[]): readonly string[] =>
  inTurn.filter((carrier) => !row.bookings.some((booking) => booking.carrier === carrier));

/**
 * A carrier answered. If the shipment was called off while the call was open, what was booked is cancelled there, and
 * only what was rejected ends at once. A second answer to the same call changes nothing.
 */
export const carrierAnswered = (
  row: Shipment,
  attempt: number,
  answer: BookingAnswer,
  { serviceLevel }: KnownOrder,
  carriers: readonly string[],
): Decision => {
  const open = row.bookings.find((booking) => booking.attempt === attempt && booking.answer === 'open');
  if (!open) return decided(row);
  const { carrier } = open;
  if (answer.kind === 'rejected') {
    const carriersLeft = notAsked(row, carriersFor(row.orderId, serviceLevel, carriers));
    const rejected = withAnswer(row, { attempt, carrier, answer: 'rejected', reason: answer.reason, carriersLeft });
    if (row.state !== 'cancelling') return say({ ...rejected, state: 'rejected' });
    const end: Shipment = { ...rejected, state: 'cancelled' };
    return decided(end, [cancelled(end)]);
  }
  const { bookingId, trackingNumber } = answer;
  const answered = withAnswer(row, { attempt, carrier, answer: 'booked', bookingId, trackingNumber });
  const booked: Shipment = { ...answered, trackingNumber };
  if (row.state === 'cancelling') return cancelBooking(booked);
  const spoken = say({ ...booked, state: 'booked' });
  if (booked.parcels === null) return spoken;
  const onward = handOver(spoken.shipment);
  return decided(onward.shipment, [...spoken.say, ...onward.say], onward.calls);
};

const withAnswer = (row: Shipment, answered: Booking): Shipment => ({
  ...row,
  bookings: row.bookings.map((booking) => (booking.attempt === answered.attempt ? answered : booking)),
});

const say = (row: Shipment): Decision => decided(row, bookingAnswer(row));
