import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cancelled,
  customer,
  delayed,
  delivered,
  dispatched,
  orderId,
  placed,
  refused,
} from '../testing/notification.fixture.js';
import { singleLine } from './layout.js';
import { factsOf, type MailFacts } from './mail.js';
import { render } from './render.js';

const { lines } = placed.data;
const write = (facts: MailFacts, name: string = customer.name) => render({ orderId, name, lines, facts });
const welcome: MailFacts = { reason: 'order-placed', placedAt: placed.data.placedAt };

describe('What a mail says', () => {
  it.each([
    ['Ada Lovelace', 'Ada Lovelace'],
    [' Ada  Lovelace ', 'Ada Lovelace'],
    ['Ada\r\nBcc: eve', 'Ada Bcc: eve'],
    ['Ada\u202eecalevoL', 'AdaecalevoL'],
    ['A~da\u007f', 'A~da'],
    ['\t', ''],
    ['', ''],
  ])('puts %j on one line', (text, line) => {
    expect(singleLine(text)).toBe(line);
  });

  it('to an order', () => {
    expect(write(welcome)).toMatchObject({
      subject: 'We have your order CA-2016-129714',
      text: `Hello Zoë O’Brien 🎁,

thank you for your order. We got it on Monday 23 November 2026 and are getting it ready.

You will hear from us again when it is on its way.

Your order CA-2016-129714:
  4 x OFF-PA-10001970
  2 x TEC-AC-10004659
`,
    });
  });

  it.each([
    ['a delay', factsOf(delayed), 'takes longer', ['Expected: Tuesday 1 December 2026', 'in stock']],
    [
      'a delay without a date',
      { reason: 'order-delayed', cause: 'late' } as const,
      'takes longer',
      ['cannot name a new date'],
    ],
    ['a dispatch', factsOf(dispatched), 'is on its way', ['Carrier: swift', 'Tracking number: T-1', '23 November']],
    ['a delivery', factsOf(delivered), 'was delivered', ['Tracking number: T-1']],
    [
      'a refused cancellation',
      factsOf(refused(1)),
      'already on its way',
      ['could not be called back', 'Tracking number: T-1'],
    ],
    ['a cancellation', factsOf(cancelled), 'was cancelled', ['did not come in time', 'Nothing will be sent']],
  ])('to %s', (_name, facts: MailFacts, subject, texts) => {
    const mail = write(facts);
    expect(mail.subject).toContain(subject);
    for (const text of [...texts, '4 x OFF-PA-10001970', 'Hello Zoë O’Brien 🎁,']) expect(mail.text).toContain(text);
    expect(mail.html).toContain('OFF-PA-10001970');
    expect(mail.html).toContain('<!doctype html>');
  });

  it('escapes whatever came from outside', () => {
    const evil = `<script>alert("x")</script><img src=x onerror='y'>&amp;`;
    const facts = {
      reason: 'shipment-dispatched',
      parcel: { carrier: 'swift', trackingNumber: evil },
      at: placed.time,
    } as const;
    const { html } = write(facts, evil);
    expect(html).not.toMatch(/<script|<img|onerror='/);
    expect(html).toContain(
      '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&lt;img src=x onerror=&#39;y&#39;&gt;&amp;amp;',
    );
  });

  it('keeps subject and greeting on one line each, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const { subject, text } = write(welcome, `${name}\r\nBcc: everybody@example.test\u2028\u202e`);
        expect(subject).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        expect(text.split('\n')[0]).toMatch(/^Hello .*,$/u);
        expect(text.split('\n')[1]).toBe('');
        expect(text).not.toMatch(/[\r\u2028\u202e]/);
      }),
    );
  });
});
