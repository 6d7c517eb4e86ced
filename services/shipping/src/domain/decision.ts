import type { EventDraft, ServiceLevel } from '@baton/contracts';
import type { Shipment, ShipmentIdentity } from './shipment.js';

/** A call to a carrier that the decision asks for, made after the commit and repeated under its key until answered. */
export type CarrierCall = BookCall | CancelCall | HandOverCall;

interface AnyCall extends ShipmentIdentity {
  readonly attempt: number;
  readonly carrier: string;
}
/** Holds no address: whoever makes the call reads it where it is kept, and no other table holds personal data. */
export interface BookCall extends AnyCall {
  readonly kind: 'book';
  readonly serviceLevel: ServiceLevel;
}
export interface CancelCall extends AnyCall {
  readonly kind: 'cancel';
  readonly bookingId: string;
}
export interface HandOverCall extends AnyCall {
  readonly kind: 'hand-over';
  readonly bookingId: string;
  readonly parcels: number;
}

/** The key of a call is honoured by the carrier for ever; one call of each kind an attempt. */
export const keyOf = ({ kind, orderId, shipment, attempt }: CarrierCall | Omit<BookCall, 'serviceLevel'>): string =>
  `${orderId}/${shipment}/${kind}/${attempt}`;

export type BookingAnswer =
  | { readonly kind: 'booked'; readonly bookingId: string; readonly trackingNumber: string }
  | { readonly kind: 'rejected'; readonly reason: string };

/** The record from now on (the same object when nothing changed), what shipping says, and whom it calls. */
export interface Decision {
  readonly shipment: Shipment;
  readonly say: readonly EventDraft[];
  readonly calls: readonly CarrierCall[];
}

export const decided = (
  shipment: Shipment,
  say: readonly EventDraft[] = [],
  calls: readonly CarrierCall[] = [],
): Decision => ({ shipment, say, calls });
