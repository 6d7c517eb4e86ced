import { CustomerNotified, type EventDraft, NotificationFailed, type OrderPlaced } from '@baton/contracts';
import {
  type ContactRecord,
  factsOf,
  keyFor,
  type MailSource,
  type MailCause,
  type MailFacts,
  type MailKey,
  type MailRecord,
} from './mail.js';

/** What to remember, which mails to send, and what to say. */
export interface Decision {
  readonly contact?: ContactRecord;
  readonly mails: readonly MailRecord[];
  readonly send: readonly { readonly key: MailKey; readonly source: MailSource }[];
  readonly events: readonly EventDraft[];
}

/** How sending ended, for good. */
export type SendResult =
  | { readonly outcome: 'sent'; readonly messageId: string }
  | { readonly outcome: 'failed'; readonly messageId: string; readonly detail: string };

const NOTHING: Decision = { mails: [], send: [], events: [] };

const newMail = (key: MailKey, facts: MailFacts, state: 'waiting' | 'sending', now: string): MailRecord => ({
  ...key,
  state,
  facts,
  wantedAt: now,
  settledAt: null,
  messageId: null,
  detail: null,
});

/** An order was placed: now it is known whom to write to, also about what was heard before. */
export const orderPlaced = (
  event: OrderPlaced,
  known: ContactRecord | undefined,
  mail: MailRecord | undefined,
  waiting: readonly MailRecord[],
  now: string,
): Decision => {
  if (mail) return repeated(mail);
  const { orderId, customer, lines, placedAt } = event.data;
  const key: MailKey = { orderId, shipment: 0, reason: 'order-placed' };
  const freed = waiting
    .filter(({ state }) => state === 'waiting')
    .map((each) => ({ ...each, state: 'sending' as const }));
  const mails = [newMail(key, { reason: 'order-placed', placedAt }, 'sending', now), ...freed];
  const contact = { name: customer.name, email: customer.email };
  return {
    contact: { ...known, orderId, contact, lines, waiting: [] },
    mails,
    send: mails.map((each) => ({ key: keyOf(each), source: { contact, lines, facts: each.facts } })),
    events: [],
  };
};

/** Something happened that the customer is told; the mail waits when it is not known yet whom to write to. */
export const mailWanted = (
  event: MailCause,
  contact: ContactRecord | undefined,
  mail: MailRecord | undefined,
  now: string,
): Decision => {
  if (mail) return repeated(mail);
  const key = keyFor(event);
  const facts = factsOf(event);
  if (contact?.contact) {
    const source = { contact: contact.contact, lines: contact.lines, facts };
    return { mails: [newMail(key, facts, 'sending', now)], send: [{ key, source }], events: [] };
  }
  const { orderId, shipment, reason } = key;
  const { lines = [], waiting = [] } = contact ?? {};
  return {
    contact: { orderId, contact: null, lines, waiting: [...waiting, { shipment, reason }] },
    mails: [newMail(key, facts, 'waiting', now)],
    send: [],
    events: [],
  };
};

/** A mail server gave its last word, or tries ran out. */
export const settled = (mail: MailRecord | undefined, result: SendResult, now: string): Decision => {
  if (mail?.state !== 'sending') return NOTHING;
  const { outcome: state, messageId } = result;
  const detail = result.outcome === 'failed' ? result.detail : null;
  const after = { ...mail, state, messageId, detail, settledAt: now };
  return { mails: [after], send: [], events: answerOf(after) };
};

/** The same was heard again: one mail stays one mail, and an answer that was given is given again. */
const repeated = (mail: MailRecord): Decision => ({ ...NOTHING, events: answerOf(mail) });

const keyOf = ({ orderId, shipment, reason }: MailKey): MailKey => ({ orderId, shipment, reason });

const answerOf = (mail: MailRecord): readonly EventDraft[] => {
  const { state, messageId, detail } = mail;
  if (messageId === null) return [];
  const data = { ...keyOf(mail), messageId };
  if (state === 'sent') return [CustomerNotified(data, mail.reason)];
  if (state === 'failed') return [NotificationFailed({ ...data, detail: detail ?? 'unknown' }, mail.reason)];
  return [];
};
