import type {
  CancellationReason,
  CancellationRefused,
  FulfilmentCancelled,
  Line,
  MailReason,
  OrderDelayed,
  ShipmentDelivered,
  ShipmentDispatched,
} from '@baton/contracts';

/** What identifies a mail: there is one for each order, shipment (0: the order as a whole) and reason. */
export interface MailKey {
  readonly orderId: string;
  readonly shipment: number;
  readonly reason: MailReason;
}

/** What a mail tells, besides the order's lines. Holds no personal data. */
export type MailFacts =
  | { readonly reason: 'order-placed'; readonly placedAt: string }
  | { readonly reason: 'order-delayed'; readonly cause: 'stock-short' | 'late'; readonly expectedAt?: string }
  | { readonly reason: 'shipment-dispatched'; readonly parcel: Parcel; readonly at: string }
  | { readonly reason: 'shipment-delivered'; readonly parcel: Parcel; readonly at: string }
  | { readonly reason: 'cancellation-refused'; readonly parcels: readonly Parcel[] }
  | { readonly reason: 'order-cancelled'; readonly cause: CancellationReason };

export interface Parcel {
  readonly carrier: string;
  readonly trackingNumber: string;
}

/** Who gets an order's mails. Personal data: kept in one column, and written to no log and no event. */
export interface Contact {
  readonly name: string;
  readonly email: string;
}

/** What a mail is written from, and to whom. */
export interface MailSource {
  readonly contact: Contact;
  readonly lines: readonly Line[];
  readonly facts: MailFacts;
}

/** One record per order. Contact and lines came with OrderPlaced; until then mails wait for it here. */
export interface ContactRecord {
  readonly orderId: string;
  readonly contact: Contact | null;
  readonly lines: readonly Line[];
  readonly waiting: readonly Pick<MailKey, 'shipment' | 'reason'>[];
}

/**
 * waiting: the customer's address is not known yet · sending: an effect tries · sent, failed: the end.
 */
export type MailState = 'waiting' | 'sending' | 'sent' | 'failed';

/** One record per mail; the guard against sending it twice. */
export interface MailRecord extends MailKey {
  readonly state: MailState;
  readonly facts: MailFacts;
  readonly wantedAt: string;
  readonly settledAt: string | null;
  readonly messageId: string | null;
  /** Why it failed. */
  readonly detail: string | null;
}

/** The events that call for a mail, besides OrderPlaced. */
export type MailCause =
  | OrderDelayed
  | ShipmentDispatched
  | ShipmentDelivered
  | CancellationRefused
  | FulfilmentCancelled;

/** Which mail an event calls for. */
export const keyFor = (event: MailCause): MailKey => {
  const { orderId } = event.data;
  switch (event.name) {
    case 'OrderDelayed':
      return { orderId, shipment: event.data.shipment, reason: 'order-delayed' };
    case 'ShipmentDispatched':
      return { orderId, shipment: event.data.shipment, reason: 'shipment-dispatched' };
    case 'ShipmentDelivered':
      return { orderId, shipment: event.data.shipment, reason: 'shipment-delivered' };
    case 'CancellationRefused':
      // Every wish gets its answer on the wire, but the customer one mail that says so.
      return { orderId, shipment: 0, reason: 'cancellation-refused' };
    case 'FulfilmentCancelled':
      return { orderId, shipment: 0, reason: 'order-cancelled' };
    default:
      return event satisfies never;
  }
};

/** What that mail tells. */
export const factsOf = (event: MailCause): MailFacts => {
  switch (event.name) {
    case 'OrderDelayed': {
      const { reason: cause, expectedAt } = event.data;
      return { reason: 'order-delayed', cause, ...(expectedAt !== undefined && { expectedAt }) };
    }
    case 'ShipmentDispatched':
      return { reason: 'shipment-dispatched', parcel: parcelOf(event.data), at: event.data.dispatchedAt };
    case 'ShipmentDelivered':
      return { reason: 'shipment-delivered', parcel: parcelOf(event.data), at: event.data.deliveredAt };
    case 'CancellationRefused':
      return { reason: 'cancellation-refused', parcels: event.data.dispatched.map(parcelOf) };
    case 'FulfilmentCancelled':
      return { reason: 'order-cancelled', cause: event.data.reason };
    default:
      return event satisfies never;
  }
};

const parcelOf = ({ carrier, trackingNumber }: Parcel): Parcel => ({ carrier, trackingNumber });
