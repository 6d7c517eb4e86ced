import { defineEffect, type EffectCall, type EffectDraft, Performs } from '@baton/messaging';
import { Inject, Injectable } from '@nestjs/common';
import { ADDRESSES, type AddressBook, CARRIERS, type CarrierPort } from './carrier/port.js';
import type { Recipient } from './domain/address.js';
import {
  type BookCall,
  type BookingAnswer,
  type CancelCall,
  type CarrierCall,
  type HandOverCall,
  keyOf,
} from './domain/decision.js';

/** A carrier that is away for a night must not be hammered, and one that hiccups must not delay an order by minutes. */
const patience = { timeoutMs: 10_000, initialBackoffMs: 200, maxBackoffMs: 30_000, concurrency: 32 } as const;

export const BookWithCarrier = defineEffect<BookCall, BookingAnswer, Recipient>('BookWithCarrier', patience);
export const CancelWithCarrier = defineEffect<CancelCall, { readonly cancelled: true }>('CancelWithCarrier', patience);
export const HandOver = defineEffect<HandOverCall, { readonly handedOverAt: string }>('HandOver', patience);

/**
 * The effect that makes a call.
 * @param recipient for a booking, where it is at hand
 */
export const effectOf = (call: CarrierCall, recipient?: Recipient): EffectDraft => {
  switch (call.kind) {
    case 'book':
      return BookWithCarrier(call, keyOf(call), recipient);
    case 'cancel':
      return CancelWithCarrier(call, keyOf(call));
    case 'hand-over':
      return HandOver(call, keyOf(call));
    default:
      return call satisfies never;
  }
};

/**
 * Makes the calls to carriers. What it returns is certain; whatever is not (no answer, a refused cancellation or
 * handover) it throws, and the same call is made again under the same key, with backoff, until it is.
 */
@Injectable()
export class CarrierCalls {
  constructor(
    @Inject(CARRIERS) private readonly carriers: CarrierPort,
    @Inject(ADDRESSES) private readonly addresses: AddressBook,
  ) {}

  @Performs(BookWithCarrier)
  async book({ payload, key, signal, atHand }: EffectCall<BookCall, Recipient>): Promise<BookingAnswer> {
    const { orderId, shipment, carrier, serviceLevel } = payload;
    const recipient = atHand ?? (await this.addresses.recipientOf(orderId));
    return this.carriers.book(
      { carrier, reference: `${orderId}/${shipment}`, serviceLevel, recipient },
      { key, signal },
    );
  }

  @Performs(CancelWithCarrier)
  async cancel({ payload, key, signal }: EffectCall<CancelCall>): Promise<{ readonly cancelled: true }> {
    await this.carriers.cancel(bookingNamed(payload), { key, signal });
    return { cancelled: true };
  }

  @Performs(HandOver)
  async handOver({ payload, key, signal }: EffectCall<HandOverCall>): Promise<{ readonly handedOverAt: string }> {
    return { handedOverAt: await this.carriers.handOver(bookingNamed(payload), payload.parcels, { key, signal }) };
  }
}

const bookingNamed = ({ orderId, shipment, attempt, carrier, bookingId }: CancelCall | HandOverCall) => ({
  carrier,
  bookingId,
  bookingKey: keyOf({ kind: 'book', orderId, shipment, attempt, carrier }),
});
