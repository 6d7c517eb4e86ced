import { days, hours, minutes } from '@baton/saga';
import { describe, expect, it } from 'vitest';
import { given, type OrderConversation } from './events.fixture.js';

const lateDispatch = () =>
  given().upTo('reserved').packed().booked().waits(hours(24)).told('order-delayed', 1).waits(hours(24));

const unique = (order: OrderConversation) => {
  const ids = order.takes().map(({ id }) => id);
  return ids.length === new Set(ids).size;
};

describe('a wish to cancel what went out', () => {
  it('leaves the incident of lost parcels open', () => {
    const order = given().upTo('dispatched').settled().lost();
    order.takes();
    const { incidents } = order.saga ?? {};
    expect(order.wishesToCancel().said()).toEqual(['ShipmentCancellationRequested']);
    expect(order.unstoppable().said()).toEqual(['CancellationRefused']);
    expect(order.saga?.incidents).toBe(incidents);
  });

  it('does not begin the time for delivery anew', () => {
    const order = given().upTo('dispatched').settled().waits(days(8)).told('order-delayed', 1);
    const clock = order.saga?.waits['1/deliver'];
    order.wishesToCancel();
    expect(order.saga?.waits['1/deliver']).toEqual(clock);
    order.unstoppable().told('cancellation-refused').waits(days(8));
    expect(order.reasonsOfIncidents).toEqual(['1/deliver']);
    expect(unique(order)).toBe(true);
  });
});

describe('a wish to cancel what has not gone out, while it is not known whether that can be stopped', () => {
  it('leaves lateness, its incident and its clock as they are, and a refusal lets them go on', () => {
    const order = lateDispatch();
    const { incidents, waits } = order.saga ?? {};
    expect(order.wishesToCancel().reasonsOfIncidents).toEqual(['1/dispatch']);
    expect(order.saga?.waits).not.toHaveProperty('1/dispatch');
    order.unstoppable().told('cancellation-refused');
    expect(order.saga?.incidents).toEqual(incidents);
    expect(order.saga?.waits).toEqual(waits);
    order.waits(days(3));
    expect(order.reasonsOfIncidents).toEqual(['1/dispatch']);
    expect(unique(order)).toBe(true);
  });

  it('says nothing of a step that becomes late meanwhile; after a refusal it does, once', () => {
    const order = given().upTo('reserved').packed().booked();
    order.wishesToCancel().waits(hours(30));
    expect(order.said()).not.toContain('OrderDelayed');
    order.unstoppable().told('cancellation-refused').waits(0);
    expect(order.takes().filter(({ name }) => name === 'OrderDelayed')).toMatchObject([{ data: { step: 'dispatch' } }]);
    order.told('order-delayed', 1).waits(days(2));
    expect(order.said()).toEqual(['IncidentOpened']);
  });

  it('ends them once it is stopped', () => {
    const order = lateDispatch().wishesToCancel();
    order.takes();
    expect(order.stopped().said()).toEqual(['PickListCancellationRequested', 'IncidentResolved']);
    expect(order.saga).not.toHaveProperty('paused');
    expect(order.putAway().released().said()).toEqual(['StockReleaseRequested', 'FulfilmentCancelled']);
  });
});

describe('what is known later of the same try', () => {
  const reasons = (order: OrderConversation) => order.saga?.incidents?.map(({ reason }) => reason);

  it('replaces lateness by what happened', () => {
    const order = given().upTo('dispatched').settled().waits(days(8)).told('order-delayed', 1).waits(days(8));
    order.takes();
    expect(order.lost().takes()).toMatchObject([
      { name: 'IncidentResolved', data: { resolution: 'More is known: see the next incident.' } },
      { name: 'IncidentOpened', data: { reason: 'The carrier lost the parcels.' } },
    ]);
    expect(reasons(order)).toEqual(['The carrier lost the parcels.']);
  });

  it('tells of parcels that were lost and came back, in whichever order that is heard', () => {
    for (const order of [given().upTo('dispatched').lost().returned(), given().upTo('dispatched').returned().lost()]) {
      expect(reasons(order)).toEqual(['The parcels came back undelivered.']);
      order.settled().takes();
      order.skips('deliver');
      expect(order.takes()).toMatchObject([
        { name: 'FulfilmentCompleted', data: { lines: [{ outcome: 'returned' }, { outcome: 'returned' }] } },
        { name: 'IncidentResolved' },
      ]);
    }
  });

  it('is nothing where it is only another answer of the same event', () => {
    const order = given().placed().short(1, false);
    const { saga } = order;
    expect(order.short().saga).toBe(saga);
    const rejected = given().upTo('reserved').rejected(1, 1, []);
    const { saga: undoing } = rejected;
    expect(rejected.rejected(1, 1, ['snail']).saga).toBe(undoing);
  });
});

describe('an incident about messages that could not be handled', () => {
  it('closes with whatever is handled once they were given up, even after the end', () => {
    const order = given().upTo('delivered').parks();
    expect(order.wishesToCancel().reasonsOfIncidents).toEqual([]);
  });

  it('closes with a deadline, but not while one still waits', () => {
    const order = given().upTo('reserved').parks().waits(minutes(20), { parked: true });
    expect(order.reasonsOfIncidents).toContain('0/messages');
    order.waits(hours(1));
    expect(order.reasonsOfIncidents).not.toContain('0/messages');
  });

  it('closes when an operator goes on without them, also after the end, and not while one still waits', () => {
    const order = given().upTo('delivered').parks();
    const { saga } = order;
    expect(order.skips('messages', 0, { parked: true }).saga).toBe(saga);
    order.takes();
    expect(order.skips('messages', 0).said()).toEqual(['IncidentResolved']);
    expect(order.history.at(-2)).toMatchObject({ fact: 'StepSkipped', step: 'messages', note: 'settled by phone' });
    const { saga: settled } = order;
    expect(order.skips('messages', 0).saga).toBe(settled);
  });
});
