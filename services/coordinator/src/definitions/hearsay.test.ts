import { minutes } from '@baton/saga';
import { describe, expect, it } from 'vitest';
import { given } from './events.fixture.js';

// After a restore of its database: what the coordinator had asked for is not known, but what came of it is heard.
describe('a shipment that is known by hearsay only', () => {
  it('gives it to the birth that comes later', () => {
    const order = given().placed().reserved(2, true);
    expect(order.said()).toEqual(['FulfilmentStarted']);
    expect(order.short().said()).toEqual(['BackorderPlaced', 'OrderDelayed']);
    expect(order.saga?.units.map(({ n, birth }) => [n, birth])).toEqual([
      [1, 'placed'],
      [2, 'backorder'],
    ]);
    order.packed(2).booked(2).dispatched(2).settled(2).delivered(2);
    expect(order.said()).toEqual(['FulfilmentCompleted']);
  });

  const undone = () => given().upTo('reserved').reserved(2).packed(2).booked(2).wishesToCancel().stopped().putAway();

  it('is undone too on a cancellation, after the others, before the order is cancelled', () => {
    const order = undone();
    order.takes();
    expect(order.released().takes()).toMatchObject([
      { name: 'ShipmentCancellationRequested', data: { shipment: 2, reason: 'customer-cancelled' } },
    ]);
    order.stopped(2).putAway(2).released(2);
    expect(order.said()).toEqual(['PickListCancellationRequested', 'StockReleaseRequested', 'FulfilmentCancelled']);
  });

  it('that went out completes the order, whose wish is refused once and whose lines count once', () => {
    const order = undone().released().dispatched(2).unstoppable(2).settled(2).delivered(2);
    const said = order.takes().filter(({ name }) => /CancellationRefused$|^Fulfilment/.test(name));
    expect(said).toMatchObject([
      { name: 'CancellationRefused', data: { wish: 1, dispatched: [{ shipment: 2 }] } },
      {
        name: 'FulfilmentCompleted',
        data: { lines: [{ lineId: 'a', shipment: 2, outcome: 'delivered' }, { lineId: 'b' }] },
      },
    ]);
  });

  it('holds up no end once it is undone', () => {
    const order = given().upTo('reserved').reserved(2).stopped(2).putAway(2).released(2);
    order.rejected().stopped().putAway().released();
    expect(order.said().at(-1)).toBe('FulfilmentCancelled');
  });

  it('is watched to its end where nothing calls for undoing it', () => {
    const order = given().upTo('reserved').packed(2).rejected().stopped().putAway().released();
    order.takes();
    expect(order.booked(2).sentence).toMatch(/^Shipment 2 waits for its carrier to take it/);
    order.dispatched(2).settled(2).delivered(2);
    expect(order.said()).toEqual(['FulfilmentCompleted']);
  });

  it('is asked for like any other when it is late', () => {
    const order = given().placed().told('order-placed').stopped(2).rejected().stopped().putAway().released();
    order.takes();
    expect(order.waits(minutes(5)).takes()).toMatchObject([
      { name: 'StockRequested', id: 'order-1/2/StockRequested/1/again-1', data: { shipment: 2, replaces: 1 } },
    ]);
  });
});
