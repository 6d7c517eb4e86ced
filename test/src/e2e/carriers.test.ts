import { eventually } from '@baton/messaging/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { send } from './support/http.js';
import { mailAbout } from './support/mails.js';
import { ids, line, LOCATION, order } from './support/orders.js';
import { PATIENCE_MS, startSystem, type TestSystem } from './support/system.js';

let world: TestSystem;
beforeAll(async () => {
  world = await startSystem({ staff: 4, carriers: { rejectRate: 0.6 } });
  await world.client.stock.import([{ sku: 'TEA', location: LOCATION, onHand: 1_000 }]);
});
afterAll(() => world?.stop());

test('carriers that reject are followed by the other one; when none is left, everything is undone', async () => {
  const orderIds = ids('parcel', 16);
  for (const orderId of orderIds) await world.client.orders.submit(order(orderId, { lines: [line('TEA', 2)] }));
  const books = await world.settled(orderIds);
  expect(books).toMatchObject({ placed: 16, waiting: 0, incidents: 0, dead_letters: 0, stock_drift: 0 });

  const stories = new Map<string, number>();
  for (const orderId of orderIds) {
    const { status, waitsFor, timeline } = await world.client.orders.get(orderId);
    const said = timeline.map(({ fact }) => fact);
    const rejections = said.filter((fact) => fact === 'ShipmentRejected').length;
    stories.set(`${status} after ${rejections}`, (stories.get(`${status} after ${rejections}`) ?? 0) + 1);
    if (status === 'completed') {
      expect(
        said.filter((fact) => fact === 'ShipmentBooked'),
        orderId,
      ).toHaveLength(1);
      continue;
    }
    expect(waitsFor).toMatch(/: No carrier would take the shipment\.$/);
    expect((await mailAbout(world.url, orderId, 0, 'order-cancelled')).text).toContain('found no carrier');
    const { body } = await send('GET', `${world.url}/pick-lists/${orderId}/1`);
    expect(body?.['state']).toBe('cancelled');
  }
  expect([...stories.keys()].toSorted()).toEqual(['cancelled after 2', 'completed after 0', 'completed after 1']);
  await eventually(async () => {
    const { levels } = await world.client.stock.get('TEA');
    expect(levels).toMatchObject([{ onHand: 1_000 - 2 * books.completed, reserved: 0 }]);
  }, PATIENCE_MS);
});
