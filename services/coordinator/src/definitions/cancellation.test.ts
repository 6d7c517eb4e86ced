import { days } from '@baton/saga';
import { describe, expect, it } from 'vitest';
import { given } from './events.fixture.js';

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
