import { days, hours, minutes } from '@baton/saga';
import { describe, expect, it } from 'vitest';
import { given } from './events.fixture.js';

describe('an order whose placing is not heard', () => {
  it('decides nothing, and is an incident after 15 minutes that OrderPlaced closes', () => {
    const order = given().wishesToCancel().reserved();
    expect(order.said()).toEqual([]);
    expect(order.waits(minutes(15)).takes()).toMatchObject([{ name: 'IncidentOpened', data: { owner: 'operations' } }]);
    order.placed();
    expect(order.said()).toEqual(['FulfilmentStarted', 'ShipmentCancellationRequested', 'IncidentResolved']);
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
