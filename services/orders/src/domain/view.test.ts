import { FulfilmentCancelled, OrderDelayed, ShipmentDelivered, ShipmentDispatched } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { Conversation, heard, NOW, order } from '../testing/orders.fixture.js';
import { ownSentence, ownTimeline } from './view.js';

const { orderId } = order();
const parcel = { orderId, shipment: 1, attempt: 1, carrier: 'swift', trackingNumber: 'T-1' };

const told = (shop: Conversation): string => {
  if (!shop.record) throw new Error('no record');
  return ownSentence(shop.record);
};

describe('What an order waits for, when only this service can say it', () => {
  it('follows the order from hand-over to delivery', () => {
    const shop = new Conversation();
    shop.submit();
    expect(told(shop)).toContain(`placed at ${NOW}`);
    shop.fact(
      heard(
        OrderDelayed({
          orderId,
          shipment: 2,
          step: 'reserve',
          reason: 'stock-short',
          expectedAt: '2026-12-01T00:00:00.000Z',
        }),
      ),
    );
    expect(told(shop)).toBe(
      `Order ${orderId} waits for stock since ${NOW}; it is expected at 2026-12-01T00:00:00.000Z.`,
    );
    shop.fact(heard(ShipmentDispatched({ ...parcel, dispatchedAt: NOW })));
    expect(told(shop)).toContain('the delivery of shipment 1 (swift, tracking number T-1)');
    shop.fact(heard(ShipmentDelivered({ ...parcel, deliveredAt: '2026-11-23T11:00:00.000Z' })));
    expect(told(shop)).toContain('was delivered');
    expect(shop.record && ownTimeline(shop.record).map(({ fact }) => fact)).toEqual([
      'OrderPlaced',
      'OrderDelayed',
      'ShipmentDispatched',
      'ShipmentDelivered',
    ]);
  });

  it('tells a cancellation and its end', () => {
    const shop = new Conversation();
    shop.submit();
    shop.cancel('w');
    expect(told(shop)).toContain('waits since');
    shop.fact(heard(FulfilmentCancelled({ orderId, reason: 'customer-cancelled', detail: 'The customer asked.' })));
    expect(told(shop)).toContain('was cancelled');
    expect(told(shop)).toContain('The customer asked.');
  });
});
