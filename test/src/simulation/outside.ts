import type { EffectDraft } from '@baton/messaging';
import type { Random } from './random.js';

type ParcelState = 'booked' | 'rejected' | 'cancelled' | 'handed-over' | 'reported';

/** What the carriers know of one booking. */
export interface Parcel {
  readonly key: string;
  readonly orderId: string;
  readonly shipment: number;
  readonly carrier: string;
  readonly state: ParcelState;
  /** True when it will not arrive. */
  readonly lost?: boolean;
}

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
        this.move(payload as Call, 'cancelled', ['booked', 'cancelled']);
        return { cancelled: true };
      case 'HandOver':
        this.move(payload as Call, 'handed-over', ['booked', 'handed-over', 'reported']);
        return { handedOverAt: now };
      default:
        throw new Error(`Nobody performs ${effect}.`);
    }
  }

  report(parcel: Parcel, lost: boolean): void {
    this.parcels.set(parcel.key, { ...parcel, state: 'reported', lost });
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
