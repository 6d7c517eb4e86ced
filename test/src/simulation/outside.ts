import type { EffectDraft } from '@baton/messaging';
import type { Random } from './random.js';

export type ParcelEnd = 'delivered' | 'lost' | 'returned';
type ParcelState = 'booked' | 'rejected' | 'cancelled' | 'handed-over' | 'reported';

/** What the carriers know of one booking. */
export interface Parcel {
  readonly key: string;
  readonly orderId: string;
  readonly shipment: number;
  readonly carrier: string;
  readonly state: ParcelState;
  /** What its carrier reported of it last. */
  readonly end?: ParcelEnd;
}

const CANCELLABLE: readonly ParcelState[] = ['booked', 'cancelled'];
const TAKEABLE: readonly ParcelState[] = ['booked', 'handed-over', 'reported'];

interface Call {
  readonly kind: 'book' | 'cancel' | 'hand-over';
  readonly orderId: string;
  readonly shipment: number;
  readonly carrier: string;
  readonly bookingId?: string;
}

/** Carriers that honour every key for ever, and the mail server. What they did is what really happened. */
export class Outside {
  readonly parcels = new Map<string, Parcel>();
  /** How often each mail reached somebody; a mail is its Message-ID. */
  readonly mails = new Map<string, number>();

  constructor(private readonly rejects: number) {}

  /** Does what an effect asks for and gives the answer; the caller may lose it and ask again. */
  perform({ effect, key, payload }: EffectDraft, random: Random, now: string): unknown {
    switch (effect) {
      case 'SendMail':
        return this.send(key, random);
      case 'BookWithCarrier':
        return this.book(key, payload as Call, random);
      case 'CancelWithCarrier':
        this.move(payload as Call, 'cancelled', CANCELLABLE);
        return { cancelled: true };
      case 'HandOver':
        this.move(payload as Call, 'handed-over', TAKEABLE);
        return { handedOverAt: now };
      default:
        throw new Error(`Nobody performs ${effect}.`);
    }
  }

  /** Whether a carrier will never do what it is asked for, because it did the contrary before. */
  refuses({ effect, payload }: EffectDraft): boolean {
    const allowed = effect === 'CancelWithCarrier' ? CANCELLABLE : effect === 'HandOver' ? TAKEABLE : undefined;
    const parcel = this.parcels.get((payload as Call).bookingId ?? '');
    return allowed !== undefined && (parcel === undefined || !allowed.includes(parcel.state));
  }

  report(parcel: Parcel, end: ParcelEnd): void {
    this.parcels.set(parcel.key, { ...parcel, state: 'reported', end });
  }

  private send(key: string, random: Random): unknown {
    const messageId = `<${key}>`;
    if (!this.mails.has(key) && random.chance(0.02)) return { outcome: 'failed', messageId, detail: 'no such mailbox' };
    this.mails.set(key, 1);
    return { outcome: 'sent', messageId };
  }

  private book(key: string, { orderId, shipment, carrier }: Call, random: Random): unknown {
    const known = this.parcels.get(key);
    const state = known?.state ?? (random.chance(this.rejects) ? 'rejected' : 'booked');
    if (!known) this.parcels.set(key, { key, orderId, shipment, carrier, state });
    return state === 'rejected'
      ? { kind: 'rejected', reason: 'no room' }
      : { kind: 'booked', bookingId: key, trackingNumber: key };
  }

  private move({ bookingId = '' }: Call, to: ParcelState, from: readonly ParcelState[]): void {
    const parcel = this.parcels.get(bookingId);
    if (!parcel || !from.includes(parcel.state)) {
      throw new Error(
        `A carrier was asked for "${to}" of a booking that is ${parcel?.state ?? 'unknown'} (${bookingId}).`,
      );
    }
    if (parcel.state !== 'reported') this.parcels.set(bookingId, { ...parcel, state: to });
  }
}
