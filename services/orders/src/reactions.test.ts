import {
  CancellationRefused,
  FulfilmentCancelled,
  FulfilmentCompleted,
  OrderDelayed,
  ShipmentDelivered,
  ShipmentDispatched,
} from '@baton/contracts';
import { Refused } from '@baton/messaging';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StatusFact } from './domain/status.js';
import { MAX_WISHES } from './domain/wishes.js';
import { Conversation, heard, NOW, order, said } from './testing/orders.fixture.js';

const { orderId } = order();
const parcel = { orderId, shipment: 1, attempt: 1, carrier: 'swift', trackingNumber: 'T-1' };
const delayed = heard(
  OrderDelayed({ orderId, shipment: 2, step: 'reserve-stock', reason: 'stock-short' }),
  '2026-11-23T10:01:00.000Z',
);
const dispatched = heard(
  ShipmentDispatched({ ...parcel, dispatchedAt: '2026-11-23T10:02:00.000Z' }),
  '2026-11-23T10:02:00.000Z',
);
const delivered = heard(
  ShipmentDelivered({ ...parcel, deliveredAt: '2026-11-23T10:03:00.000Z' }),
  '2026-11-23T10:03:00.000Z',
);
const refused = heard(
  CancellationRefused({ orderId, wish: 1, dispatched: [{ shipment: 1, carrier: 'swift', trackingNumber: 'T-1' }] }),
);
const completed = heard(
  FulfilmentCompleted({
    orderId,
    lines: [{ lineId: '160', sku: 'OFF-PA-10001970', quantity: 4, shipment: 1, outcome: 'delivered' }],
  }),
  '2026-11-23T10:04:00.000Z',
);
const cancelled = heard(FulfilmentCancelled({ orderId, reason: 'customer-cancelled', detail: 'The customer asked.' }));
const facts: readonly StatusFact[] = [delayed, dispatched, delivered, refused, completed];

describe('An order that is handed over', () => {
  it('is placed, with the defaults filled in', () => {
    const shop = new Conversation();
    const [placed] = shop.submit().publish ?? [];
    expect(placed).toMatchObject({
      name: 'OrderPlaced',
      id: `${orderId}/0/OrderPlaced/1`,
      key: orderId,
      data: { placedAt: NOW, onShortage: 'backorder', serviceLevel: 'standard', region: 'East' },
    });
    expect(shop.record).toMatchObject({ status: 'placed', placedAt: NOW });
  });

  it('changes nothing when the same comes again, by event or by HTTP, whatever the order of its fields', () => {
    const shop = new Conversation();
    shop.submit();
    const { lines, customer, ...rest } = order();
    expect(shop.submit()).toEqual({});
    expect(shop.submit({ lines, serviceLevel: 'standard', customer, ...rest })).toEqual({});
    const again = shop.place();
    expect(said(again)).toEqual([]);
    expect(again.reply).toMatchObject({ status: 200, body: { orderId, status: 'placed' } });
  });

  it('is rejected under an id that another order has, and that one stays', () => {
    const shop = new Conversation();
    shop.submit();
    const before = shop.record;
    const other = order({ lines: [{ lineId: '1', sku: 'OTHER', quantity: 1 }] });
    const byEvent = shop.submit(other, { messageId: 'second' });
    expect(said(byEvent)).toEqual(['OrderRejected']);
    expect(byEvent.deadLetter).toContain('lines');
    const byHttp = shop.place(other, { messageId: 'third' });
    expect(said(byHttp)).toEqual(['OrderRejected']);
    expect(byHttp.deadLetter).toBeUndefined();
    expect(byHttp.reply).toMatchObject({ status: 409, body: { code: 'order-id-reused' } });
    expect(byHttp.publish?.[0]?.id).not.toBe(byEvent.publish?.[0]?.id);
    expect(shop.record).toBe(before);
  });

  it.each(['summary', 'counts'])('cannot be named %s, which is a page, unless it was before', (reserved) => {
    const shop = new Conversation();
    const named = order({ orderId: reserved });
    expect(shop.submit(named)).toEqual({ deadLetter: expect.stringContaining(reserved) });
    expect(() => shop.place(named)).toThrow(expect.objectContaining({ status: 400, code: 'order-id-reserved' }));
    expect(shop.record).toBeUndefined();
    shop.submit();
    if (shop.record) shop.record = { ...shop.record, orderId: reserved };
    expect(shop.submit(named)).toEqual({});
    expect(shop.place(named).reply).toMatchObject({ status: 200 });
  });

  it('says no personal data where it says why, nor in its view', () => {
    const shop = new Conversation();
    const placed = shop.place();
    const other = order();
    const rejected = shop.place({ ...other, customer: { ...other.customer, name: 'Somebody Else' } });
    for (const text of [JSON.stringify(placed.reply), JSON.stringify(rejected)]) {
      expect(text).not.toMatch(/Bellavance|Somebody|example\.test|10009/);
    }
  });

  it('takes any text a customer may have, emoji and SQL included', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((s) => !s.includes('\0'));
    fc.assert(
      fc.property(text, text, text, (name, city, postal) => {
        const address = {
          city,
          postalCode: postal.slice(0, 20).toWellFormed(),
          country: "Robert'); drop table orders;--",
        };
        const input = order({ customer: { name: `${name} 🎁`, email: 'a@example.test', address } });
        const shop = new Conversation();
        expect(said(shop.submit(input))).toEqual(['OrderPlaced']);
        expect(shop.submit(input)).toEqual({});
      }),
    );
  });
});

describe('A wish to cancel', () => {
  it('is published with its number, and once a message', () => {
    const shop = new Conversation();
    shop.submit();
    const first = shop.wish('w1');
    expect(first.publish).toMatchObject([
      { name: 'OrderCancellationRequested', data: { wish: 1, reason: 'ordered twice' } },
    ]);
    expect(shop.wish('w1')).toEqual({});
    expect(shop.cancel('w2').publish).toMatchObject([
      { data: { wish: 2 }, id: `${orderId}/0/OrderCancellationRequested/1/2` },
    ]);
    expect(shop.record?.status).toBe('cancelling');
  });

  it('that comes before its order is kept, and published right after OrderPlaced', () => {
    const shop = new Conversation();
    expect(said(shop.wish('w1'))).toEqual([]);
    expect(said(shop.wish('w2'))).toEqual([]);
    expect(shop.wish('w1')).toEqual({});
    expect(said(shop.submit())).toEqual(['OrderPlaced', 'OrderCancellationRequested', 'OrderCancellationRequested']);
    expect(shop.record).toMatchObject({ status: 'cancelling', wishesExpireAt: null });
    expect(shop.expire('2027-01-01T00:00:00.000Z')).toEqual({});
  });

  it('whose order never comes is a dead letter after 7 days, with that reason', () => {
    const shop = new Conversation();
    shop.wish('w1');
    expect(shop.expire('2026-11-30T09:59:59.999Z')).toEqual({});
    expect(shop.expire('2026-11-30T10:00:00.000Z').deadLetter).toContain('no order came under this id within 7 days');
    expect(shop.expire('2026-11-30T10:00:01.000Z')).toEqual({});
    expect(said(shop.submit())).toEqual(['OrderPlaced']);
  });

  it('waits 7 days for its order by its own time, not by that of the first', () => {
    const shop = new Conversation();
    shop.wish('first', '2026-11-01T00:00:00.000Z');
    shop.wish('second', '2026-11-07T23:00:00.000Z');
    expect(shop.expire('2026-11-08T00:00:00.000Z').deadLetter).toContain('asked for at 2026-11-01');
    expect(shop.record).toMatchObject({ wishes: [{ id: 'second' }], wishesExpireAt: '2026-11-14T23:00:00.000Z' });
    expect(said(shop.submit(order(), { now: '2026-11-08T02:00:00.000Z' }))).toEqual([
      'OrderPlaced',
      'OrderCancellationRequested',
    ]);
  });

  it('that expired and is tried again cancels the order that has come by then, once', () => {
    const shop = new Conversation();
    shop.wish('w1');
    shop.wish('w2');
    const wishes = shop.record?.wishes;
    shop.expire('2026-11-30T10:00:00.000Z');
    expect(shop.record?.wishes).toEqual([]);
    expect(shop.expire('2026-12-01T00:00:00.000Z', wishes).deadLetter).toContain('no order came under this id');
    expect(said(shop.submit(order(), { now: '2026-12-02T00:00:00.000Z' }))).toEqual(['OrderPlaced']);
    const atLast = shop.expire('2026-12-03T00:00:00.000Z', wishes);
    expect(atLast.deadLetter).toBeUndefined();
    expect(atLast.publish).toMatchObject([
      { name: 'OrderCancellationRequested', data: { wish: 1, reason: 'ordered twice' } },
      { name: 'OrderCancellationRequested', data: { wish: 2 } },
    ]);
    expect(shop.record).toMatchObject({ status: 'cancelling', statusSince: '2026-12-03T00:00:00.000Z' });
    expect(shop.expire('2026-12-04T00:00:00.000Z', wishes)).toEqual({});
  });

  it('that an earlier release gave up, without saying what was wished, cancels the order that has come by then, once', () => {
    const shop = new Conversation();
    shop.wish('w1');
    const gaveUp = 'asked for at 2026-11-23T10:00:00.000Z, and no order came under this id';
    expect(shop.expireUnnamed('2026-11-30T10:00:00.000Z').deadLetter).toContain(gaveUp);
    expect(shop.expireUnnamed('2026-12-01T00:00:00.000Z').deadLetter).toContain(gaveUp);
    shop.submit(order(), { now: '2026-12-02T00:00:00.000Z' });
    expect(said(shop.expireUnnamed('2026-12-03T00:00:00.000Z'))).toEqual(['OrderCancellationRequested']);
    expect(shop.expireUnnamed('2026-12-04T00:00:00.000Z')).toEqual({});
  });

  it('over HTTP for an unknown order is refused, also when only a wish is known', () => {
    const shop = new Conversation();
    expect(() => shop.cancel('w1')).toThrow(expect.objectContaining({ status: 404, code: 'unknown-order' }));
    shop.wish('w1');
    expect(() => shop.cancel('w2')).toThrow(Refused);
  });

  it('is still published after the end, which does not change', () => {
    const shop = new Conversation();
    shop.submit();
    shop.fact(completed);
    expect(said(shop.cancel('w1'))).toEqual(['OrderCancellationRequested']);
    expect(shop.record?.status).toBe('completed');
  });

  it('is refused when somebody asks without end', () => {
    const shop = new Conversation();
    shop.submit();
    for (let n = 0; n < MAX_WISHES; n += 1) shop.wish(`w${n}`);
    expect(shop.wish('more').deadLetter).toContain('already');
    expect(() => shop.cancel('more')).toThrow(expect.objectContaining({ status: 409 }));
  });
});

describe("The customer's status", () => {
  it('is the highest of all facts heard, in any order, each any number of times', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...facts, ...facts]), (sequence) => {
        const shop = new Conversation();
        shop.submit();
        for (const fact of sequence) shop.fact(fact);
        const names = new Set(sequence.map(({ name }) => name));
        const expected = names.has('FulfilmentCompleted')
          ? 'completed'
          : names.has('ShipmentDelivered')
            ? 'delivered'
            : names.has('ShipmentDispatched') || names.has('CancellationRefused')
              ? 'dispatched'
              : names.has('OrderDelayed')
                ? 'delayed'
                : 'placed';
        expect(shop.record?.status).toBe(expected);
      }),
    );
  });

  it('never changes after an end', () => {
    const shop = new Conversation();
    shop.submit();
    shop.fact(cancelled);
    for (const fact of facts) shop.fact(fact);
    expect(shop.record).toMatchObject({
      status: 'cancelled',
      ending: { kind: 'cancelled', reason: 'customer-cancelled' },
    });
  });

  it('ignores the same fact twice', () => {
    const shop = new Conversation();
    shop.submit();
    for (const fact of [...facts, cancelled]) {
      shop.fact(fact);
      expect(shop.fact(fact)).toEqual({});
    }
  });

  it('of a cancellation that lost its race says dispatched', () => {
    const shop = new Conversation();
    shop.submit();
    shop.cancel('w1');
    shop.fact(refused);
    expect(shop.record).toMatchObject({ status: 'dispatched', shipments: [{ shipment: 1, trackingNumber: 'T-1' }] });
  });

  it('takes facts that were heard before the order into account when it comes', () => {
    const shop = new Conversation();
    shop.fact(dispatched);
    expect(shop.record).toMatchObject({ status: 'dispatched', placedAt: null });
    expect(said(shop.submit())).toEqual(['OrderPlaced']);
    expect(shop.record).toMatchObject({ status: 'dispatched', placedAt: NOW });
  });
});
