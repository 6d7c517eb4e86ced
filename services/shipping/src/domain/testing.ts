import { bookingWasAskedFor, carrierAnswered } from './booking.js';
import type { BookingAnswer, Decision } from './decision.js';
import { shipmentWasPacked } from './pivot.js';
import type { Shipment } from './shipment.js';

/** Words for tests: one shipment, two carriers, and what happens to it. */
export const NOW = '2026-01-05T08:00:00.000Z';
export const TAKEN = '2026-01-05T09:00:00.000Z';
export const carriers: readonly string[] = ['swift', 'parcelway'];
export const identity = { orderId: 'A-1', shipment: 1 };
export const order = { serviceLevel: 'standard' } as const;

export const bookedAs = (id: string): BookingAnswer => ({
  kind: 'booked',
  bookingId: `bk-${id}`,
  trackingNumber: `T-${id}`,
});
export const rejected: BookingAnswer = { kind: 'rejected', reason: 'no capacity' };

export const reserve = (row?: Shipment, known: typeof order | 'unknown' = order): Decision =>
  bookingWasAskedFor(row, { ...identity, attempt: 1 }, known === 'unknown' ? undefined : known, carriers, NOW);
export const another = (row: Shipment | undefined, attempt: number, carrier?: string): Decision =>
  bookingWasAskedFor(row, { ...identity, attempt, carrier }, order, carriers, NOW);
export const answer = (row: Shipment, said: BookingAnswer = bookedAs('1'), attempt = 1): Decision =>
  carrierAnswered(row, attempt, said, order, carriers);
export const packUp = (row?: Shipment): Decision => shipmentWasPacked(row, { ...identity, parcels: 2 }, NOW);

export const said = ({ say }: Decision): readonly string[] => say.map(({ name }) => name);
export const called = ({ calls }: Decision): readonly string[] => calls.map(({ kind }) => kind);

export const booking = (): Shipment => reserve().shipment;
export const booked = (): Shipment => answer(booking()).shipment;
export const dispatching = (): Shipment => packUp(booked()).shipment;
