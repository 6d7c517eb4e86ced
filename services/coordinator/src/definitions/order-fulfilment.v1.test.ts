import { awaitedLast, days, defineSaga, hours, minutes, statusOf } from '@baton/saga';
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

describe('an order whose placing is not heard', () => {
  it('decides nothing, and is an incident after 15 minutes that OrderPlaced closes', () => {
    const order = given().wishesToCancel().reserved();
    expect(order.said()).toEqual([]);
    expect(order.waits(minutes(15)).takes()).toMatchObject([{ name: 'IncidentOpened', data: { owner: 'operations' } }]);
    order.placed();
    expect(order.said()).toEqual(['FulfilmentStarted', 'ShipmentCancellationRequested', 'IncidentResolved']);
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

describe('deadlines', () => {
  it('are no failure: a step that is late is told as a delay, then an incident, and a late success closes it', () => {
    const order = given().upTo('reserved').booked().waits(hours(24));
    expect(order.takes()).toMatchObject([
      { name: 'OrderDelayed', data: { step: 'pick', reason: 'late', expectedAt: '2026-11-26T09:00:00.000Z' } },
    ]);
    order.told('order-delayed', 1).waits(hours(24));
    expect(order.said()).toEqual(['IncidentOpened']);
    expect(order.sentence).toMatch(/an incident is with warehouse, due by 2026-11-27 09:00 UTC/);
    expect(order.packed().said()).toEqual(['IncidentResolved']);
  });

  it('ask again where there was a request, with pauses that double, then open an incident, and go on asking', () => {
    const order = given().upTo('reserved').packed();
    const asked = () => order.takes().map(({ name, id }) => `${name} ${id.split('/').at(-1)}`);
    order.waits(minutes(15));
    expect(asked()).toEqual(['ShipmentBookingRequested again-1']);
    order.waits(minutes(30));
    expect(asked()).toEqual(['ShipmentBookingRequested again-2']);
    order.waits(hours(1));
    expect(asked()).toEqual(['ShipmentBookingRequested again-3']);
    order.waits(hours(2));
    expect(asked()).toEqual(['IncidentOpened book-1']);
    order.waits(hours(6));
    expect(asked().length).toBeGreaterThan(0);
    expect(order.booked().said()).toEqual(['IncidentResolved']);
  });

  it('of what the order itself set off only open an incident', () => {
    const order = given().placed().told('order-placed');
    order.takes();
    expect(order.waits(minutes(5)).said()).toEqual(['IncidentOpened']);
    expect(order.waits(days(2)).said()).toEqual([]);
    expect(order.reserved().said()).toEqual(['IncidentResolved']);
  });

  it('only open an incident while a message of the order is parked', () => {
    const order = given().upTo('reserved');
    order.parks();
    expect(order.takes()).toMatchObject([{ name: 'IncidentOpened', data: { shipment: 0, step: 'messages' } }]);
    order.waits(hours(24), { parked: true });
    expect(order.said()).toEqual(['IncidentOpened', 'IncidentOpened']);
    expect(order.packed().said()).toContain('IncidentResolved');
    expect(order.reasonsOfIncidents).toEqual(['1/book']);
  });

  it('that do not hold any more do nothing', () => {
    const order = given().upTo('reserved').packed().booked();
    const { saga } = order;
    order.handles({ kind: 'due' }, { now: '2026-11-24T10:00:00.000Z' });
    expect(order.saga).toBe(saga);
  });
});

describe('a cancellation', () => {
  it('of what had not begun is answered by the tombstones', () => {
    const order = given().placed().wishesToCancel().stopped().putAway().released();
    expect(order.said()).toEqual([
      'FulfilmentStarted',
      'ShipmentCancellationRequested',
      'PickListCancellationRequested',
      'StockReleaseRequested',
      'FulfilmentCancelled',
    ]);
    expect(order.sentence).toBe('Cancelled on 2026-11-24 09:00 UTC: The customer cancelled the order.');
  });

  it('ignores the forward events that come after their compensation', () => {
    const order = given().placed().wishesToCancel().stopped().putAway().released();
    order.takes();
    const { saga } = order;
    order.reserved().packed().booked();
    expect(order.saga).toBe(saga);
  });

  it('that loses against dispatch is refused, naming what went out, and the order completes', () => {
    const order = given().upTo('reserved').packed().booked().wishesToCancel();
    expect(order.said()).toEqual(['ShipmentCancellationRequested']);
    expect(order.unstoppable().takes()).toMatchObject([
      { name: 'CancellationRefused', data: { wish: 1, dispatched: [{ shipment: 1, trackingNumber: 'swift-1' }] } },
    ]);
    order.dispatched().settled().delivered();
    expect(order.said()).toEqual(['FulfilmentCompleted']);
  });

  it('is answered for every wish, also after the end', () => {
    const cancelled = given().placed().wishesToCancel(1).wishesToCancel(2).stopped().putAway().released();
    const [first] = cancelled.takes().filter(({ name }) => name === 'FulfilmentCancelled');
    expect(cancelled.wishesToCancel(3).takes()).toEqual([first]);
    const completed = given().upTo('delivered');
    expect(completed.wishesToCancel(1).wishesToCancel(2).takes()).toMatchObject([
      { name: 'CancellationRefused', id: 'order-1/0/CancellationRefused/1/1' },
      { name: 'CancellationRefused', id: 'order-1/0/CancellationRefused/1/2' },
    ]);
  });

  it('whose compensation fails is asked again, then an incident, and never reported as success', () => {
    const order = given().upTo('reserved').wishesToCancel().stopped();
    order.takes();
    order.waits(days(5));
    const said = order.said();
    expect(said.filter((name) => name === 'PickListCancellationRequested').length).toBeGreaterThan(2);
    expect(said.filter((name) => name === 'IncidentOpened')).toHaveLength(1);
    expect(said).not.toContain('FulfilmentCancelled');
    order.putAway().released();
    expect(order.said()).toEqual(['StockReleaseRequested', 'IncidentResolved', 'FulfilmentCancelled']);
  });

  it('stands behind nothing when the shipment was never reserved: StockShort ended it', () => {
    const order = given().placed().short().wishesToCancel();
    order.takes();
    order.stopped(2).putAway(2).released(2);
    expect(order.said()).toEqual(['PickListCancellationRequested', 'StockReleaseRequested', 'FulfilmentCancelled']);
  });
});

describe('after the pivot', () => {
  it('a lost parcel is an incident that an operator can go on without, and the outcome says so', () => {
    const order = given().upTo('dispatched').settled().lost();
    expect(order.said()).toEqual(['IncidentOpened']);
    order.skips('deliver');
    expect(order.takes()).toMatchObject([
      { name: 'FulfilmentCompleted', data: { lines: [{ outcome: 'lost' }, { outcome: 'lost' }] } },
      { name: 'IncidentResolved' },
    ]);
  });

  it('a parcel that turns up after all closes the incident', () => {
    const order = given().upTo('dispatched').settled().lost();
    order.takes();
    expect(order.delivered().said()).toEqual(['FulfilmentCompleted', 'IncidentResolved']);
  });

  it('a delivery cannot be skipped before it is known what went out, for a later wish to cancel is told', () => {
    const order = given().placed().told('order-placed').reserved().packed().settled();
    const { saga } = order;
    expect(order.skips('deliver').saga).toBe(saga);
    order.booked().skips('deliver').takes();
    expect(order.saga?.ended?.as).toBe('completed');
    expect(order.wishesToCancel().takes()).toMatchObject([
      { name: 'CancellationRefused', data: { wish: 1, dispatched: [{ trackingNumber: 'swift-1' }] } },
    ]);
  });

  it('a step whose answer others need cannot be skipped', () => {
    const order = given().upTo('dispatched');
    const { saga } = order;
    order.skips('settle');
    expect(order.saga).toBe(saga);
  });
});

describe('telling the customer', () => {
  it('may be late or fail after the end, which only opens an incident', () => {
    const order = given().upTo('dispatched').settled().delivered();
    order.takes();
    expect(order.waits(hours(1)).takes()).toMatchObject([
      { name: 'IncidentOpened', data: { shipment: 1, step: 'tell-shipment-delivered', owner: 'customer-care' } },
    ]);
    expect(order.told('shipment-delivered', 1).said()).toEqual(['IncidentResolved']);
    expect(order.untold('order-placed').said()).toEqual([]);
  });

  it('that fails is an incident at once and never an undo', () => {
    const order = given().placed().untold('order-placed');
    expect(order.said()).toEqual(['FulfilmentStarted', 'IncidentOpened']);
    expect(order.reserved().packed().booked().dispatched().settled().delivered().said()).toEqual([
      'FulfilmentCompleted',
    ]);
    expect(order.sentence).toMatch(/^Completed .*the customer waits for notification to send the mail "order-placed"/);
  });
});
