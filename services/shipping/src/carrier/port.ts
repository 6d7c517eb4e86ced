import type { ServiceLevel } from '@baton/contracts';
import type { Recipient } from '../domain/address.js';
import type { BookingAnswer } from '../domain/decision.js';

/** Where recipients are read when a call is made. */
export interface AddressBook {
  recipientOf(orderId: string): Promise<Recipient>;
}

/** What a carrier is asked to take. */
export interface BookingRequest {
  readonly carrier: string;
  /** Our own name of the shipment, `order/number`, for the label. */
  readonly reference: string;
  readonly serviceLevel: ServiceLevel;
  readonly recipient: Recipient;
}

/** Names a booking at its carrier. */
export interface BookingName {
  readonly carrier: string;
  readonly bookingId: string;
  /** The key under which it was booked. */
  readonly bookingKey: string;
}

/** How each call is made. The carrier takes two calls under one key for one, for ever. */
export interface CallOptions {
  readonly key: string;
  readonly signal: AbortSignal;
}

/**
 * What shipping needs of carriers. Each call resolves with an answer that is certain and final, and rejects in every
 * other case (`Unanswered`, `AskAgain`): the caller then repeats it under the same key.
 */
export interface CarrierPort {
  book(request: BookingRequest, options: CallOptions): Promise<BookingAnswer>;
  /** Resolves only when the carrier has confirmed that nothing of the booking will be collected. */
  cancel(booking: BookingName, options: CallOptions): Promise<void>;
  /** Resolves with when the carrier took the parcels, ISO 8601. */
  handOver(booking: BookingName, parcels: number, options: CallOptions): Promise<string>;
}

/** Injection tokens. */
export const CARRIERS = Symbol('shipping:carriers');
export const ADDRESSES = Symbol('shipping:addresses');

/** It is not known whether the carrier did what it was asked to: timeout, connection lost, 5xx, an answer without sense. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** The carrier refuses what must happen in the end (a cancellation, a handover): it is asked again. */
export class AskAgain extends Error {
  override readonly name = 'AskAgain';
}
