import type { Saga } from '@baton/saga';
import { describe, expect, it } from 'vitest';
import { earlierStates } from './earlier-states.fixture.js';
import { given, type OrderConversation } from './events.fixture.js';

type Name = keyof typeof earlierStates;

const after = (name: Name): OrderConversation => {
  const order = given();
  order.now = earlierStates[name].now;
  order.saga = JSON.parse(earlierStates[name].saga) as Saga;
  return order;
};

const delivers = (order: OrderConversation, shipment = 1): OrderConversation =>
  order.dispatched(shipment).told('shipment-dispatched', shipment).settled(shipment).delivered(shipment);

const ways: Readonly<Record<Name, (order: OrderConversation) => OrderConversation>> = {
  reserved: (order) => delivers(order.packed().booked()),
  lateInPicking: (order) => delivers(order.packed().booked()),
  beingUndone: (order) => order.putAway().released(),
  waitingForStock: (order) => delivers(order.reserved(2, true).packed(2).booked(2), 2),
  anotherCarrier: (order) => delivers(order.booked(1, 2, 'snail')),
  pickedShort: (order) => delivers(order.reserved(2).packed(2).booked(2), 2),
  lost: (order) => order.skips('deliver'),
  delivered: (order) => order.wishesToCancel(),
};

const ends: Readonly<Partial<Record<Name, string>>> = {
  beingUndone: 'FulfilmentCancelled',
  delivered: 'CancellationRefused',
};

const names = Object.keys(ways) as Name[];

describe('a saga of an earlier release', () => {
  it.each(names)('that was left when it was %s is told, and goes on to its end', (name) => {
    const order = after(name);
    expect(order.sentence).toMatch(/, until \d{4}-|incident is with |^Completed on /);
    expect(order.sentence).not.toContain('nothing more happens by itself');
    expect(ways[name](order).said()).toContain(ends[name] ?? 'FulfilmentCompleted');
    expect(order.reasonsOfIncidents).toEqual([]);
  });
});
