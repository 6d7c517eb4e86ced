import { awaitedLast, days, defineSaga, statusOf } from '@baton/saga';
import { describe, expect, it } from 'vitest';
import { given, type OrderConversation } from './events.fixture.js';
import { expectedEvents } from './index.js';
import { orderFulfilmentV1 } from './order-fulfilment.v1.js';

describe('the forward path', () => {
  it('says only that it began and how it ended', () => {
    const order = given().placed();
    expect(order.said()).toEqual(['FulfilmentStarted']);
    order.reserved().packed().booked().dispatched().settled();
    expect(order.said()).toEqual([]);
    order.delivered();
    expect(order.takes()).toMatchObject([
      { name: 'FulfilmentCompleted', data: { lines: [{ lineId: 'a', outcome: 'delivered' }, { lineId: 'b' }] } },
    ]);
    expect(order.sentence).toMatch(/^Completed on 2026-11-24 09:00 UTC/);
  });

  it('waits for picking and booking at once, and says so', () => {
    const order = given().upTo('reserved');
    expect(order.sentence).toBe(
      'Shipment 1 waits for the warehouse to pick and pack it (since 2026-11-24 09:00 UTC, until 2026-11-25 09:00 UTC; ' +
        'then the customer is told of a delay) and for a carrier to accept it (since 2026-11-24 09:00 UTC, until ' +
        '2026-11-24 09:15 UTC; then it is asked for again).',
    );
  });

  it('does not mind the order in which facts are heard', () => {
    const order = given().delivered().settled().dispatched().told('shipment-dispatched', 1).packed().booked();
    expect(order.said()).toEqual([]);
    order.reserved().placed();
    expect(order.said()).toEqual(['FulfilmentStarted', 'FulfilmentCompleted']);
  });

  it('may hear late whatever it has nothing to decide after', () => {
    expect(expectedEvents.map(({ eventName }) => eventName).sort()).toEqual([
      'CustomerNotified',
      'OrderPlaced',
      'PickListCreated',
      'PickListPacked',
      'ShipmentBooked',
      'ShipmentDispatched',
      'StockReserved',
    ]);
  });

  it('hears at once what it awaits last', () => {
    const awaits = (order: OrderConversation) => order.saga && awaitedLast(defineSaga(orderFulfilmentV1), order.saga);
    const order = given().upTo('reserved');
    expect(awaits(order)).toBeUndefined();
    expect(awaits(order.packed().booked().dispatched())).toBeUndefined();
    expect(awaits(order.delivered())).toBe('StockSettled');
    expect(awaits(order.settled())).toBeUndefined();
    expect(awaits(given().upTo('dispatched').settled())).toBe('ShipmentDelivered');
  });

  it('hears everything twice as if once', () => {
    const order = given();
    const twice = () => order.placed().placed().reserved().reserved().packed().packed().booked().booked();
    twice().dispatched().dispatched().delivered().delivered().settled().settled();
    const { saga } = order;
    twice();
    expect(order.saga).toBe(saga);
    expect(order.said()).toEqual(['FulfilmentStarted', 'FulfilmentCompleted']);
  });
});

describe('stock that is short', () => {
  it('becomes a backorder, with a date for the customer', () => {
    const order = given().placed();
    order.takes();
    expect(order.short().takes()).toMatchObject([
      {
        name: 'BackorderPlaced',
        id: 'order-1/2/BackorderPlaced/1',
        data: { shipment: 2, replaces: 1, region: 'West', deadline: '2026-12-08T09:00:00.000Z' },
      },
      { name: 'OrderDelayed', data: { shipment: 2, reason: 'stock-short', expectedAt: '2026-12-08T09:00:00.000Z' } },
    ]);
    expect(order.saga && statusOf(order.definition, order.saga)).toBe('waiting');
    expect(order.sentence).toMatch(/until 2026-12-08 09:00 UTC; then it is given up and the order is cancelled\.$/);
    order.reserved(2, true).packed(2).booked(2).dispatched(2).settled(2).delivered(2);
    expect(order.said()).toEqual(['FulfilmentCompleted']);
  });

  it('is reminded of every day in the same words, then undone, then the order is cancelled', () => {
    const order = given().placed().told('order-placed').short();
    const [placed] = order.takes().filter(({ name }) => name === 'BackorderPlaced');
    order.told('order-delayed', 2).waits(days(1));
    expect(order.takes()).toEqual([{ ...placed, id: 'order-1/2/BackorderPlaced/1/again-1' }]);
    const atTheEnd = order.waits(days(13)).said();
    expect(atTheEnd.filter((name) => name !== 'BackorderPlaced')).toEqual(['ShipmentCancellationRequested']);
    order.stopped(2).putAway(2).released(2);
    expect(order.takes()).toMatchObject([
      { name: 'PickListCancellationRequested', data: { reason: 'backorder-expired' } },
      { name: 'StockReleaseRequested' },
      { name: 'FulfilmentCancelled', data: { reason: 'backorder-expired' } },
    ]);
  });

  it('cancels when the customer would rather not wait', () => {
    const order = given().placed('cancel').short();
    expect(order.takes().at(-1)).toMatchObject({ name: 'FulfilmentCancelled', data: { reason: 'stock-short' } });
  });

  it('cancels for an article that nobody knows, whatever the customer prefers', () => {
    const order = given().placed('backorder').short(1, false);
    expect(order.takes().at(-1)).toMatchObject({
      name: 'FulfilmentCancelled',
      data: { reason: 'unknown-sku', detail: expect.stringMatching(/no location has ever held: .+\.$/) },
    });
  });
});

describe('a carrier that refuses', () => {
  it('is followed by the next, as the next attempt', () => {
    const order = given().upTo('reserved').rejected(1, 1, ['snail', 'owl']);
    expect(order.takes()).toMatchObject([
      { name: 'ShipmentBookingRequested', data: { shipment: 1, attempt: 2, carrier: 'snail' } },
    ]);
    order.rejected(1, 1, ['snail', 'owl']).booked(1, 1);
    expect(order.said()).toEqual([]);
    order.booked(1, 2, 'snail').packed().dispatched().settled().delivered();
    expect(order.said()).toEqual(['FulfilmentCompleted']);
  });

  it('when it was the last, undoes the shipment and cancels the order', () => {
    const order = given().upTo('reserved').rejected();
    expect(order.takes()).toMatchObject([
      { name: 'ShipmentCancellationRequested', data: { reason: 'no-carrier-left' } },
    ]);
    order.stopped().putAway().released();
    expect(order.takes().at(-1)).toMatchObject({ name: 'FulfilmentCancelled', data: { reason: 'no-carrier-left' } });
  });
});

describe('a pick list that is short', () => {
  const missing = { lineId: 'a', sku: 'chair', quantity: 1 };

  it('is undone before its lines are asked for as a new shipment, and what is missing is written off', () => {
    const order = given().upTo('reserved').booked().pickedShort();
    expect(order.said()).toEqual(['ShipmentCancellationRequested']);
    expect(order.stopped().said()).toEqual(['PickListCancellationRequested']);
    order.putAway(1, [{ ...missing, quantity: 2 }]);
    expect(order.takes()).toMatchObject([
      { name: 'StockReleaseRequested', data: { reason: 'pick-list-short', missing: [{ ...missing, quantity: 2 }] } },
    ]);
    expect(order.released().takes()).toMatchObject([
      { name: 'StockRequested', data: { shipment: 2, replaces: 1, lines: [{ lineId: 'a', quantity: 2 }, {}] } },
    ]);
  });

  it('asks no other carrier for a shipment that is undone', () => {
    const order = given().upTo('reserved').pickedShort().rejected(1, 1, ['snail']);
    expect(order.said()).toEqual(['ShipmentCancellationRequested']);
  });

  it('is not followed by a new shipment when the customer has cancelled meanwhile', () => {
    const order = given().upTo('reserved').pickedShort().wishesToCancel().stopped().putAway().released();
    expect(order.takes()).toMatchObject([
      { name: 'ShipmentCancellationRequested', data: { reason: 'pick-list-short' } },
      { name: 'PickListCancellationRequested', data: { reason: 'pick-list-short' } },
      { name: 'StockReleaseRequested', data: { reason: 'pick-list-short' } },
      { name: 'FulfilmentCancelled', data: { reason: 'customer-cancelled' } },
    ]);
  });
});
