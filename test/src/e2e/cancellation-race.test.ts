import { setTimeout as pause } from 'node:timers/promises';
import { eventually, numbersFrom } from '@baton/messaging/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mailsOf } from './support/mails.js';
import { ids, line, LOCATION, order } from './support/orders.js';
import { PATIENCE_MS, startSystem, type TestSystem } from './support/system.js';

const SEED = Number(process.env['BATON_TEST_SEED'] ?? 7);
const ORDERS = 60;
const LOOK_MS = 50;
/** How long after the moment that it waits for a cancellation may come. */
const LONGEST_MS = 200;
/** How far an order is when it is cancelled; most of them in the moments around dispatch. */
const moments = ['placed', 'listed', 'claimed', 'packed', 'packed', 'packed', 'out'] as const;
type Moment = (typeof moments)[number];

let world: TestSystem;

beforeAll(async () => {
  world = await startSystem({ staff: 6, packingSeconds: 0.1, deliverySeconds: 0.2 });
  await world.client.stock.import([{ sku: 'TEA', location: LOCATION, onHand: 1_000 }]);
});
afterAll(() => world?.stop());

/** The moments that each order has passed. */
const passed = async (): Promise<ReadonlyMap<string, ReadonlySet<Moment>>> => {
  const [lists, shipments] = await Promise.all([
    world.query('warehouse', 'select order_id, state from pick_lists'),
    world.query('shipping', `select order_id from shipments where state in ('dispatched', 'delivered')`),
  ]);
  const out = new Set(shipments.map(({ order_id: id }) => id));
  return new Map(
    lists.map(({ order_id: id, state }) => {
      const packed: readonly Moment[] = state === 'packed' ? ['claimed', 'packed'] : [];
      const claimed: readonly Moment[] = state === 'claimed' || state === 'picking' ? ['claimed'] : [];
      return [
        String(id),
        new Set<Moment>(['placed', 'listed', ...claimed, ...packed, ...(out.has(id) ? ['out' as const] : [])]),
      ];
    }),
  );
};

test(`${ORDERS} orders cancelled at random moments each end one way only, and the books balance (seed ${SEED})`, async () => {
  const random = numbersFrom(SEED);
  const orderIds = ids('race', ORDERS);
  const waiting = new Map(
    orderIds.map((orderId) => {
      const moment = moments[Math.floor(random() * moments.length)] ?? 'placed';
      return [orderId, { moment, pauseMs: random() * LONGEST_MS }];
    }),
  );
  const cancelled: Promise<unknown>[] = [];
  const cancel = async (orderId: string, pauseMs: number): Promise<void> => {
    await pause(pauseMs);
    await world.client.orders.cancel(orderId);
  };
  await Promise.all(orderIds.map((orderId) => world.client.orders.submit(order(orderId, { lines: [line('TEA', 2)] }))));
  await eventually(async () => {
    const known = await passed();
    for (const [orderId, { moment, pauseMs }] of waiting) {
      if (moment !== 'placed' && !known.get(orderId)?.has(moment)) continue;
      waiting.delete(orderId);
      cancelled.push(cancel(orderId, pauseMs));
    }
    if (waiting.size > 0) await pause(LOOK_MS);
    return waiting.size === 0;
  }, PATIENCE_MS);
  await Promise.all(cancelled);
  const books = await world.settled(orderIds);
  expect(books).toMatchObject({ placed: ORDERS, waiting: 0, incidents: 0, dead_letters: 0, stock_drift: 0 });
  expect(books.completed + books.cancelled).toBe(ORDERS);
  expect(Math.min(books.completed, books.cancelled), 'both ends were reached').toBeGreaterThan(0);

  for (const orderId of orderIds) {
    const { status, facts } = await eventually(async () => {
      const { status: now, timeline } = await world.client.orders.get(orderId);
      const names = timeline.map(({ fact }) => fact);
      expect(names, `${orderId} is ${now}; its wish must be answered`).toContain(
        now === 'completed' ? 'CancellationRefused' : 'FulfilmentCancelled',
      );
      return { status: now, facts: names };
    }, PATIENCE_MS);
    const went = facts.includes('ShipmentDispatched');
    expect([orderId, went, facts.includes('CancellationRefused'), facts.includes('FulfilmentCancelled')]).toEqual(
      status === 'completed' ? [orderId, true, true, false] : [orderId, false, false, true],
    );
    await eventually(async () => {
      expect(await mailsOf(world.url, orderId)).toContain(
        `${orderId}.0.${status === 'completed' ? 'cancellation-refused' : 'order-cancelled'}`,
      );
    }, PATIENCE_MS);
  }
  const { levels } = await world.client.stock.get('TEA');
  expect(levels).toMatchObject([{ onHand: 1_000 - 2 * books.completed, reserved: 0 }]);
});
