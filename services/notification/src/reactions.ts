import {
  CancellationRefused,
  FulfilmentCancelled,
  FulfilmentContinued,
  mailReasons,
  OrderDelayed,
  OrderPlaced,
  ShipmentDelivered,
  ShipmentDispatched,
} from '@baton/contracts';
import { type Loaded, many, type MessageOf, type Moment, On, one, type Outcome, save } from '@baton/messaging';
import { Controller } from '@nestjs/common';
import { type Decision, mailWanted, orderPlaced, settled } from './domain/decide.js';
import { keyFor } from './domain/mail.js';
import { effectKey, SendMail } from './effects.js';
import { Contacts, Mails } from './store/entities.js';

/** What a mail is written for, besides an order that was placed. */
export const causes = [
  OrderDelayed,
  ShipmentDispatched,
  ShipmentDelivered,
  CancellationRefused,
  FulfilmentCancelled,
] as const;
type Cause = MessageOf<(typeof causes)[number]>;

const placedNeeds = ({ data: { orderId } }: OrderPlaced) => ({
  contact: one(Contacts, { orderId }),
  mail: one(Mails, { orderId, shipment: 0, reason: 'order-placed' }),
});
const waitingMails = ({ data: { orderId } }: OrderPlaced, { contact }: Loaded<typeof placedNeeds>) => ({
  waiting: many(
    Mails,
    (contact?.waiting ?? []).map((key) => ({ orderId, ...key })),
  ),
});
const mailNeeds = (event: Cause) => ({
  contact: one(Contacts, { orderId: event.data.orderId }),
  mail: one(Mails, keyFor(event)),
});
const allOfOrder = ({ data: { orderId, shipments } }: FulfilmentContinued) => ({
  contact: one(Contacts, { orderId }),
  mails: many(
    Mails,
    [0, ...shipments].flatMap((shipment) => mailReasons.map((reason) => ({ orderId, shipment, reason }))),
  ),
});
const sentNeeds = ({ payload }: MessageOf<typeof SendMail.result>) => ({ mail: one(Mails, payload) });

const outcomeOf = ({ contact, mails, send, events }: Decision): Outcome => ({
  save: [...(contact ? [save(Contacts, contact)] : []), ...mails.map((mail) => save(Mails, mail))],
  effects: send.map(({ key, source }) => SendMail(key, effectKey(key), source)),
  publish: events,
});

@Controller()
export class NotificationReactions {
  @On(OrderPlaced, placedNeeds, waitingMails)
  placed(
    event: OrderPlaced,
    { contact, mail, waiting }: Loaded<typeof placedNeeds, typeof waitingMails>,
    { now }: Moment,
  ): Outcome {
    return outcomeOf(orderPlaced(event, contact, mail, waiting, now));
  }

  @On(causes, mailNeeds)
  tell(event: Cause, { contact, mail }: Loaded<typeof mailNeeds>, { now }: Moment): Outcome {
    return outcomeOf(mailWanted(event, contact, mail, now));
  }

  /** What was asked for is back from the archive, and begins its time there anew. */
  @On(FulfilmentContinued, allOfOrder)
  keep(): Outcome {
    return {};
  }

  @On(SendMail.result, sentNeeds)
  settle(answer: MessageOf<typeof SendMail.result>, { mail }: Loaded<typeof sentNeeds>, { now }: Moment): Outcome {
    return outcomeOf(settled(mail, answer.result, now));
  }
}
