import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MailKey } from './domain/mail.js';
import {
  cancelled,
  Conversation,
  customer,
  delayed,
  delivered,
  dispatched,
  orderId,
  refused,
  said,
  sends,
  sources,
} from './testing/notification.fixture.js';

const sent = { outcome: 'sent', messageId: '<m@shop.example>' } as const;
const key: MailKey = { orderId, shipment: 0, reason: 'order-placed' };

describe('Mails to customers', () => {
  it('go out when their reason comes, each once', () => {
    const talk = new Conversation();
    expect(sends(talk.placed())).toEqual(['0/order-placed']);
    expect(sends(talk.hear(delayed))).toEqual(['2/order-delayed']);
    expect(sends(talk.hear(dispatched))).toEqual(['1/shipment-dispatched']);
    expect(sends(talk.hear(delivered))).toEqual(['1/shipment-delivered']);
    expect(sends(talk.hear(refused(1)))).toEqual(['0/cancellation-refused']);
    expect(sends(talk.hear(cancelled))).toEqual(['0/order-cancelled']);
    expect(sends(talk.placed())).toEqual([]);
    for (const event of [delayed, dispatched, delivered, refused(1), refused(2), cancelled]) {
      expect(sends(talk.hear(event))).toEqual([]);
    }
  });

  it('wait for the address when OrderPlaced comes later, and then go out after the first mail', () => {
    const talk = new Conversation();
    expect(sends(talk.hear(delayed))).toEqual([]);
    expect(sends(talk.hear(dispatched))).toEqual([]);
    expect(sends(talk.hear(dispatched))).toEqual([]);
    expect(sends(talk.placed())).toEqual(['0/order-placed', '2/order-delayed', '1/shipment-dispatched']);
    expect(talk.contact?.waiting).toEqual([]);
    expect(sends(talk.hear(delivered))).toEqual(['1/shipment-delivered']);
  });

  it('are each asked for once, whatever the order and number of events', () => {
    const events = ['placed', delayed, dispatched, delivered, refused(1), refused(2), cancelled] as const;
    fc.assert(
      fc.property(fc.shuffledSubarray([...events, ...events], { minLength: 14 }), (sequence) => {
        const talk = new Conversation();
        const all = sequence.flatMap((event) => sends(event === 'placed' ? talk.placed() : talk.hear(event)));
        expect(all.toSorted()).toEqual([
          '0/cancellation-refused',
          '0/order-cancelled',
          '0/order-placed',
          '1/shipment-delivered',
          '1/shipment-dispatched',
          '2/order-delayed',
        ]);
      }),
    );
  });

  it('have at hand what is read later, whatever came in which order and comes after', () => {
    const events = ['placed', delayed, dispatched, delivered, refused(1), refused(2), cancelled] as const;
    fc.assert(
      fc.property(fc.shuffledSubarray([...events, ...events], { minLength: 10 }), (sequence) => {
        const talk = new Conversation();
        const asked = sequence.flatMap((event) => sources(event === 'placed' ? talk.placed() : talk.hear(event)));
        talk.settle(key, sent);
        const { contact, lines } = talk.contact ?? {};
        for (const [path, source] of asked) {
          expect(source).toEqual({ contact, lines, facts: talk.mails.get(path)?.facts });
        }
        expect(asked.length).toBe(contact ? talk.mails.size : 0);
      }),
    );
  });

  it('are reported when a mail server took them, once, and again when asked again', () => {
    const talk = new Conversation();
    talk.placed();
    const [notified] = talk.settle(key, sent).publish ?? [];
    expect(notified).toMatchObject({ name: 'CustomerNotified', data: { ...key, messageId: '<m@shop.example>' } });
    expect(said(talk.settle(key, sent))).toEqual([]);
    expect(talk.placed().publish).toEqual([notified]);
  });

  it('that a server refused are reported with its reason, and stay so', () => {
    const talk = new Conversation();
    talk.placed();
    const result = { outcome: 'failed', messageId: '<m@shop.example>', detail: '550 no such user' } as const;
    expect(talk.settle(key, result).publish).toMatchObject([
      { name: 'NotificationFailed', data: { detail: '550 no such user' } },
    ]);
    expect(said(talk.settle(key, sent))).toEqual([]);
    expect(talk.mails.get(`${orderId}/0/order-placed`)).toMatchObject({ state: 'failed' });
  });

  it('have personal data in no record but the contact, in no effect and no event', () => {
    const talk = new Conversation();
    const outcomes = [talk.placed(), talk.hear(dispatched), talk.settle(key, sent)];
    expect(talk.contact?.contact).toEqual({ name: customer.name, email: customer.email });
    const rest = outcomes.map(({ effects, publish }) => ({ effects, publish }));
    expect(JSON.stringify([...talk.mails.values(), ...rest])).not.toMatch(/Zoë|example\.test|93727/);
  });

  it('answer nothing for a mail that nobody wanted', () => {
    expect(said(new Conversation().settle(key, sent))).toEqual([]);
  });
});
