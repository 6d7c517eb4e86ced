import type { EventDraft, OrderPlaced } from '@baton/contracts';
import type { Moment, Outcome } from '@baton/messaging';
import { describe, expect, it } from 'vitest';
import { shippingConfig } from './config.js';
import { type Destination, recipientIn } from './domain/address.js';
import type { Shipment } from './domain/shipment.js';
import { bookedAs, booking, dispatching, identity, NOW, TAKEN } from './domain/testing.js';
import { ShippingReactions } from './reactions.js';
import { Destinations } from './store/destination.entity.js';
import { Shipments } from './store/shipment.entity.js';

const reactions = new ShippingReactions({ SHIPPING_CARRIERS: ['swift', 'parcelway'] });
const moment: Moment = { now: NOW, messageId: 'm', parked: false, unit: 'u' };
const event = <Name extends string, Data>(name: Name, data: Data) => ({ name, id: 'e', key: 'A-1', time: NOW, data });
const lines = [{ lineId: 'l1', sku: 'TEA', quantity: 1 }];

const placed: OrderPlaced['data'] = {
  orderId: 'A-1',
  customer: {
    name: 'Ada Secret',
    email: 'ada@example.test',
    address: { city: 'Paris', postalCode: '01234', country: 'France' },
  },
  serviceLevel: 'standard',
  onShortage: 'backorder',
  lines,
  placedAt: NOW,
};
const reserved = (shipment = 1) =>
  event('StockReserved', { orderId: 'A-1', shipment, location: 'West', lines, backordered: false });

const saved = (outcome: Outcome) => ({
  shipments: (outcome.save ?? []).filter(({ store }) => store === Shipments).map(({ state }) => state as Shipment),
  destination: (outcome.save ?? []).find(({ store }) => store === Destinations)?.state as Destination | undefined,
});
const names = (drafts: readonly EventDraft[] | undefined) => drafts?.map(({ name }) => name);

describe('the address on its own way', () => {
  it('comes first: booking begins with the reservation', () => {
    const { destination } = saved(
      reactions.learnAddress(event('OrderPlaced', placed), { destination: undefined, waiting: [] }),
    );
    expect(destination).toMatchObject({ name: 'Ada Secret', city: 'Paris', street: null, waiting: [] });
    const outcome = reactions.bookFirst(reserved(), { row: undefined, destination }, moment);
    expect(outcome.effects?.map(({ key }) => key)).toEqual(['A-1/1/book/1']);
    expect(saved(outcome).shipments).toMatchObject([{ state: 'booking' }]);
  });

  it('comes later: every shipment that waits for it goes on', () => {
    const first = saved(reactions.bookFirst(reserved(), { row: undefined, destination: undefined }, moment));
    expect(first.destination).toMatchObject({ name: null, waiting: [1] });
    const second = saved(reactions.bookFirst(reserved(2), { row: undefined, destination: first.destination }, moment));
    expect(second.destination?.waiting).toEqual([1, 2]);
    const waiting = [...first.shipments, ...second.shipments];
    const outcome = reactions.learnAddress(event('OrderPlaced', placed), { destination: second.destination, waiting });
    expect(outcome.effects?.map(({ key }) => key)).toEqual(['A-1/1/book/1', 'A-1/2/book/1']);
    expect(saved(outcome).destination).toMatchObject({ name: 'Ada Secret', waiting: [] });
  });

  it('is heard once, and stands in no effect and no other record', () => {
    const { destination } = saved(
      reactions.learnAddress(event('OrderPlaced', placed), { destination: undefined, waiting: [] }),
    );
    expect(reactions.learnAddress(event('OrderPlaced', placed), { destination, waiting: [] })).toEqual({});
    const outcome = reactions.bookFirst(reserved(), { row: undefined, destination }, moment);
    expect(JSON.stringify([outcome.effects, saved(outcome).shipments])).not.toMatch(/Ada|Paris|01234/);
  });
});

const permutations = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  all.length === 0
    ? [[]]
    : all.flatMap((first, index) => permutations(all.toSpliced(index, 1)).map((others) => [first, ...others]));

describe('the recipient at hand for a booking', () => {
  const elsewhere = {
    ...placed,
    customer: { ...placed.customer, name: 'Eve', address: { city: 'Rome', country: 'IT', postalCode: '1' } },
  };
  const another = (shipment: number, attempt: number) =>
    event('ShipmentBookingRequested', { orderId: 'A-1', shipment, attempt });

  it('is the one that is read later, whatever came in which order and comes after', () => {
    let asked = 0;
    for (const sequence of permutations([placed, elsewhere, reserved(1), reserved(2), another(1, 2), another(3, 1)])) {
      let destination: Destination | undefined;
      const shipments = new Map<number, Shipment>();
      const atHand: unknown[] = [];
      const keep = (outcome: Outcome): void => {
        const { shipments: rows, destination: known } = saved(outcome);
        for (const row of rows) shipments.set(row.shipment, row);
        destination = known ?? destination;
        atHand.push(...(outcome.effects ?? []).map((effect) => effect.atHand?.reading));
      };
      for (const heard of sequence) {
        if (!('name' in heard)) {
          const waiting = (destination?.waiting ?? []).flatMap((number) => shipments.get(number) ?? []);
          keep(reactions.learnAddress(event('OrderPlaced', heard), { destination, waiting }));
        } else {
          const found = { row: shipments.get(heard.data.shipment), destination };
          if ('attempt' in heard.data)
            keep(reactions.bookAnother(event('ShipmentBookingRequested', heard.data), found, moment));
          else keep(reactions.bookFirst(event('StockReserved', heard.data), found, moment));
        }
      }
      for (const recipient of atHand) expect(recipient).toEqual(recipientIn(destination));
      asked += atHand.length;
    }
    // Each of three shipments, in all orders of six events.
    expect(asked).toBe(3 * 720);
  });

  it('is there for a booking alone', () => {
    const row = { ...booking(), parcels: 2 };
    const payload = { kind: 'book', ...identity, attempt: 1, carrier: 'swift', serviceLevel: 'standard' } as const;
    const { effects } = reactions.booked({ key: 'k', payload, result: bookedAs('1'), tries: 1 }, { row });
    expect(effects).toMatchObject([{ effect: 'HandOver', atHand: undefined }]);
  });
});

describe('a carrier’s answers', () => {
  it('become events, and with what is packed a handover', () => {
    const row = { ...booking(), parcels: 2 };
    const payload = { kind: 'book', ...identity, attempt: 1, carrier: 'swift', serviceLevel: 'standard' } as const;
    const outcome = reactions.booked({ key: 'k', payload, result: bookedAs('1'), tries: 1 }, { row });
    expect(names(outcome.publish)).toEqual(['ShipmentBooked']);
    expect(outcome.effects).toMatchObject([{ effect: 'HandOver', key: 'A-1/1/hand-over/1' }]);
    const again = reactions.booked(
      { key: 'k', payload, result: bookedAs('1'), tries: 2 },
      { row: saved(outcome).shipments[0] },
    );
    expect(again).toEqual({ save: [], publish: [], effects: [] });
  });

  it('about a shipment without a record are a bug that shows', () => {
    const payload = { kind: 'cancel', ...identity, attempt: 1, carrier: 'swift', bookingId: 'b' } as const;
    expect(() =>
      reactions.cancelled({ key: 'k', payload, result: { cancelled: true }, tries: 1 }, { row: undefined }),
    ).toThrow(/no record/);
  });
});

describe('tracking', () => {
  const report = (row: Shipment | undefined, change: Record<string, string> = {}) => {
    const carrier = row?.carrier ?? 'swift';
    const data = { ...identity, carrier, trackingNumber: 'T-1', status: 'delivered', at: TAKEN, ...change } as const;
    return reactions.track({ id: 'd', data }, { row });
  };

  it('is answered alike whether it is news or not', () => {
    const first = report(dispatching());
    expect(first.reply?.body).toEqual({ received: true });
    const again = report(saved(first).shipments[0]);
    expect(again.reply).toEqual(first.reply);
    expect(again.save).toEqual([]);
  });

  it('of an unknown number, of another carrier, or of what was not handed over is refused', () => {
    const problem = (act: () => unknown) => {
      try {
        return act();
      } catch (error) {
        return error;
      }
    };
    expect(problem(() => report(undefined))).toMatchObject({ status: 404, code: 'unknown-tracking-number' });
    expect(problem(() => report(dispatching(), { trackingNumber: 'T-9' }))).toMatchObject({ status: 404 });
    expect(problem(() => report(dispatching(), { carrier: 'nobody' }))).toMatchObject({ status: 404 });
    expect(problem(() => report({ ...dispatching(), state: 'cancelled' }))).toMatchObject({
      status: 409,
      code: 'not-handed-over',
    });
  });
});

describe('settings', () => {
  const needed = { SHIPPING_CARRIER_URL: 'http://127.0.0.1:3090', SHIPPING_WEBHOOK_SECRET: 'x'.repeat(16) };
  it('name the carriers, each once', () => {
    expect(shippingConfig.parse(needed).SHIPPING_CARRIERS).toEqual(['swift', 'parcelway']);
    expect(shippingConfig.parse({ ...needed, SHIPPING_CARRIERS: 'a, b ,c' }).SHIPPING_CARRIERS).toEqual([
      'a',
      'b',
      'c',
    ]);
    for (const bad of ['', 'a,a', 'a,,b', 'a b']) {
      expect(shippingConfig.safeParse({ ...needed, SHIPPING_CARRIERS: bad }).success, bad).toBe(false);
    }
  });
  it('ask for a secret that deserves the name', () => {
    expect(shippingConfig.safeParse({ ...needed, SHIPPING_WEBHOOK_SECRET: 'short' }).success).toBe(false);
  });
});
