import {
  CancellationRefused,
  type EventDraft,
  FulfilmentCancelled,
  OrderDelayed,
  OrderPlaced,
  ShipmentDelivered,
  ShipmentDispatched,
} from '@baton/contracts';
import type { Moment, Outcome } from '@baton/messaging';
import type { SendResult } from '../domain/decide.js';
import { type ContactRecord, keyFor, type MailCause, type MailKey, type MailRecord } from '../domain/mail.js';
import { NotificationReactions } from '../reactions.js';
import { Contacts } from '../store/entities.js';

export const NOW = '2026-11-23T10:00:00.000Z';
export const orderId = 'CA-2016-129714';
export const customer = {
  name: 'Zoë O’Brien 🎁',
  email: 'zoe@example.test',
  address: { city: 'Fresno', postalCode: '93727', country: 'United States' },
};

const heard = <Draft extends EventDraft>(draft: Draft): Draft & { time: string } => ({ ...draft, time: NOW });
const parcel = { orderId, shipment: 1, attempt: 1, carrier: 'swift', trackingNumber: 'T-1' };

export const placed = heard(
  OrderPlaced({
    orderId,
    customer,
    serviceLevel: 'standard',
    onShortage: 'backorder',
    lines: [
      { lineId: '160', sku: 'OFF-PA-10001970', quantity: 4 },
      { lineId: '161', sku: 'TEC-AC-10004659', quantity: 2 },
    ],
    placedAt: NOW,
  }),
);
export const delayed = heard(
  OrderDelayed({
    orderId,
    shipment: 2,
    step: 'reserve',
    reason: 'stock-short',
    expectedAt: '2026-12-01T00:00:00.000Z',
  }),
);
export const dispatched = heard(ShipmentDispatched({ ...parcel, dispatchedAt: NOW }));
export const delivered = heard(ShipmentDelivered({ ...parcel, deliveredAt: NOW }));
export const refused = (wish: number) =>
  heard(
    CancellationRefused(
      { orderId, wish, dispatched: [{ shipment: 1, carrier: 'swift', trackingNumber: 'T-1' }] },
      wish,
    ),
  );
export const cancelled = heard(
  FulfilmentCancelled({ orderId, reason: 'backorder-expired', detail: 'Stock for shipment 2 did not come in time.' }),
);

const path = ({ orderId: order, shipment, reason }: MailKey): string => `${order}/${shipment}/${reason}`;

/** One order's records and the reactions over them, as the unit of work gives them. */
export class Conversation {
  readonly reactions = new NotificationReactions();
  readonly mails = new Map<string, MailRecord>();
  contact: ContactRecord | undefined;

  placed(): Outcome {
    const waiting = (this.contact?.waiting ?? []).flatMap((key) => this.mails.get(path({ orderId, ...key })) ?? []);
    const mail = this.mails.get(path({ orderId, shipment: 0, reason: 'order-placed' }));
    return this.keep(this.reactions.placed(placed, { contact: this.contact, mail, waiting }, at(placed.id)));
  }

  hear(event: MailCause): Outcome {
    const mail = this.mails.get(path(keyFor(event)));
    return this.keep(this.reactions.tell(event, { contact: this.contact, mail }, at(event.id)));
  }

  settle(payload: MailKey, result: SendResult): Outcome {
    const mail = this.mails.get(path(payload));
    const answer = { key: path(payload), payload, result, tries: 1 };
    return this.keep(this.reactions.settle(answer, { mail }, at(answer.key)));
  }

  private keep(outcome: Outcome): Outcome {
    for (const { store, state } of outcome.save ?? []) {
      if (store === Contacts) this.contact = state as ContactRecord;
      else this.mails.set(path(state as MailRecord), state as MailRecord);
    }
    return outcome;
  }
}

const at = (messageId: string): Moment => ({ now: NOW, unit: 'unit-1', messageId, parked: false });

/** The mails that an outcome asks for, as `shipment/reason`. */
export const sends = (outcome: Outcome): readonly string[] =>
  (outcome.effects ?? []).map(({ payload }) => {
    const { shipment, reason } = payload as MailKey;
    return `${shipment}/${reason}`;
  });

/** What is at hand for the mails that an outcome asks for, by `order/shipment/reason`. */
export const sources = (outcome: Outcome): readonly (readonly [string, unknown])[] =>
  (outcome.effects ?? []).map(({ key, atHand }) => [key, atHand?.reading]);
export const said = (outcome: Outcome): readonly string[] => (outcome.publish ?? []).map(({ name }) => name);
