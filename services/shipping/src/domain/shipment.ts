/**
 * Where a shipment stands at shipping. `waiting`: facts are known, but no carrier was asked yet. From `dispatching` on
 * it only goes forward; from `cancelling` on it never goes out.
 */
export const shipmentStates = [
  'waiting',
  'booking',
  'rejected',
  'booked',
  'dispatching',
  'dispatched',
  'delivered',
  'lost',
  'returned',
  'cancelling',
  'cancelled',
] as const;
export type ShipmentState = (typeof shipmentStates)[number];

/** What became of asking one carrier. `open`: the call was decided on and has no answer yet. */
export type Booking =
  | { readonly attempt: number; readonly carrier: string; readonly answer: 'open' }
  | BookedBooking
  | {
      readonly attempt: number;
      readonly carrier: string;
      readonly answer: 'rejected';
      readonly reason: string;
      readonly carriersLeft: readonly string[];
    };
export interface BookedBooking {
  readonly attempt: number;
  readonly carrier: string;
  readonly answer: 'booked';
  /** The carrier's own name for it. */
  readonly bookingId: string;
  readonly trackingNumber: string;
}

export const trackingStatuses = ['dispatched', 'delivered', 'lost', 'returned'] as const;
export type TrackingStatus = (typeof trackingStatuses)[number];

/** What a carrier reported of a parcel under way. */
export interface TrackingFact {
  readonly status: TrackingStatus;
  /** When it happened, by the carrier's clock, ISO 8601. */
  readonly at: string;
  /** A carrier's code, see `codeIn`. */
  readonly reason?: string | undefined;
}

/** Longest reason of a carrier that is passed on, characters. */
export const MAX_CODE = 40;
const CODE = new RegExp(`^[A-Za-z][A-Za-z0-9 -]{0,${MAX_CODE - 1}}$`);

/**
 * A carrier's reason where it is a short code; undefined for free text, which likes to name the person who did not open
 * the door, and goes into no record and no event.
 */
export const codeIn = (reason: string | undefined): string | undefined =>
  reason !== undefined && CODE.test(reason) ? reason : undefined;

/** Shipping's one record of a shipment, in which dispatch and cancellation meet. It outlives every topic. */
export interface Shipment {
  readonly orderId: string;
  readonly shipment: number;
  readonly state: ShipmentState;
  /** How many parcels were packed; null until they are. */
  readonly parcels: number | null;
  /** Which try of booking this is; 0 before anybody asked for one. */
  readonly attempt: number;
  /** The carrier of this attempt; null while shipping has still to choose. */
  readonly carrier: string | null;
  readonly bookings: readonly Booking[];
  /** Of the booking that a carrier accepted. */
  readonly trackingNumber: string | null;
  /** When the carrier took the parcels, by its clock. */
  readonly dispatchedAt: string | null;
  /** What the carrier reported, in the order in which it was heard, each status once. */
  readonly tracking: readonly TrackingFact[];
  /** When the record (or its tombstone) came. */
  readonly createdAt: string;
}

/** Which shipment of which order. */
export interface ShipmentIdentity {
  readonly orderId: string;
  readonly shipment: number;
}

/** A record of which nothing is known yet. */
export const newShipment = ({ orderId, shipment }: ShipmentIdentity, now: string): Shipment => ({
  orderId,
  shipment,
  state: 'waiting',
  parcels: null,
  attempt: 0,
  carrier: null,
  bookings: [],
  trackingNumber: null,
  dispatchedAt: null,
  tracking: [],
  createdAt: now,
});

/** The booking that a carrier accepted; there is at most one, for the next carrier is asked only after a rejection. */
export const bookedWith = ({ bookings }: Shipment): BookedBooking | undefined =>
  bookings.find((booking) => booking.answer === 'booked');

/** The record as the API shows it. It holds no personal data. */
export const viewOf = (row: Shipment): Shipment => {
  const { orderId, shipment, state, parcels, attempt, carrier, bookings } = row;
  const { trackingNumber, dispatchedAt, tracking, createdAt } = row;
  return {
    orderId,
    shipment,
    state,
    parcels,
    attempt,
    carrier,
    bookings,
    trackingNumber,
    dispatchedAt,
    tracking,
    createdAt,
  };
};
