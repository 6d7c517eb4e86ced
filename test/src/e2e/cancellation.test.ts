import { afterAll, beforeAll, expect, test } from 'vitest';
import { send } from './support/http.js';
import { cancellation, publish, submitted } from './support/intake.js';
import { mailAbout, mailsOf } from './support/mails.js';
import { line, LOCATION, order } from './support/orders.js';
import { eventually } from '@baton/messaging/testing';
import { PATIENCE_MS, startSystem, type TestSystem } from './support/system.js';
import { Picker } from './support/warehouse.js';

let world: TestSystem;
let picker: Picker;

beforeAll(async () => {
  world = await startSystem();
  picker = new Picker(world);
});
afterAll(() => world?.stop());

/** A SKU of the test's own, so that its level tells what this test did. */
const stock = (sku: string, onHand: number): Promise<unknown> =>
  world.client.stock.import([{ sku, location: LOCATION, onHand }]);
const level = async (sku: string) => {
  const { levels } = await world.client.stock.get(sku);
  return { onHand: levels[0]?.onHand, reserved: levels[0]?.reserved };
};
const facts = async (orderId: string): Promise<readonly string[]> =>
  (await world.client.orders.get(orderId)).timeline.map(({ fact }) => fact);

test('before anybody packs: what was begun is undone in order, and the customer gets a mail', async () => {
  await stock('EARLY', 10);
  await world.client.orders.submit(order('early', { lines: [line('EARLY', 3)] }));
  await world.tells(
    'early',
    /^Shipment 1 waits for the warehouse to pick and pack it, since .+, until .+; then the customer is told of a delay\.$/,
  );
  await picker.listIs('early', 'open');
  expect(await level('EARLY')).toEqual({ onHand: 10, reserved: 3 });

  await world.client.orders.cancel('early', { reason: 'ordered twice' });
  const { waitsFor } = await world.reaches('early', 'cancelled');
  expect(waitsFor).toMatch(/^Cancelled on .+ UTC: The customer cancelled the order\.$/);
  await picker.listIs('early', 'cancelled');
  expect(await level('EARLY')).toEqual({ onHand: 10, reserved: 0 });
  const said = await facts('early');
  const undoing = ['ShipmentCancelled', 'PickListCancelled', 'StockReleased', 'FulfilmentCancelled'];
  expect(said.filter((fact) => undoing.includes(fact))).toEqual(undoing);
  const mail = await mailAbout(world.url, 'early', 0, 'order-cancelled');
  expect(mail.text).toContain('as you asked, we cancelled your order');
  expect((await world.settled(['early'])).stock_drift).toBe(0);
});

test('while somebody picks: the list stops, and the order is cancelled only after all was put away', async () => {
  await stock('PICKED', 10);
  await world.client.orders.submit(order('picked', { lines: [line('PICKED', 2)] }));
  await picker.claim('picked');
  await picker.pick('picked', [{ lineId: '1', quantity: 2 }]);

  await world.client.orders.cancel('picked');
  await picker.listIs('picked', 'stopping');
  const { status } = await world.tells(
    'picked',
    /^Shipment 1 is being undone and waits for the warehouse to stop and to put away what left its shelf, since .+, until .+\.$/,
  );
  expect(status).toBe('cancelling');
  expect(await level('PICKED'), 'not free before it is back on its shelf').toEqual({ onHand: 10, reserved: 2 });

  await picker.putAway('picked');
  await world.reaches('picked', 'cancelled');
  expect(await level('PICKED')).toEqual({ onHand: 10, reserved: 0 });
});

test('after dispatch: refused, with a mail that names the parcel, and the order is completed', async () => {
  await stock('GONE', 10);
  await world.client.orders.submit(order('gone', { lines: [line('GONE', 4)] }));
  await picker.work('gone');
  await eventually(async () => expect(await facts('gone')).toContain('ShipmentDispatched'), PATIENCE_MS);

  await world.client.orders.cancel('gone');
  const { timeline } = await world.reaches('gone', 'completed');
  const mail = await mailAbout(world.url, 'gone', 0, 'cancellation-refused');
  const { body } = await send('GET', `${world.url}/orders/gone`);
  const [shipment] = (body?.['shipments'] ?? []) as readonly { readonly trackingNumber: string }[];
  expect(mail.text).toContain(shipment?.trackingNumber);
  await eventually(async () => expect(await facts('gone')).toContain('CancellationRefused'), PATIENCE_MS);
  expect(timeline.map(({ fact }) => fact)).not.toContain('FulfilmentCancelled');
  expect(await level('GONE')).toEqual({ onHand: 6, reserved: 0 });
});

test('again after the end: cancelled stays cancelled, and the customer is not told twice', async () => {
  await stock('AGAIN', 10);
  await world.client.orders.submit(order('again', { lines: [line('AGAIN')] }));
  await world.client.orders.cancel('again');
  await world.reaches('again', 'cancelled');
  await mailAbout(world.url, 'again', 0, 'order-cancelled');

  await world.client.orders.cancel('again', { reason: 'did you hear me?' });
  await eventually(
    async () => expect((await facts('again')).filter((fact) => fact === 'FulfilmentCancelled')).toHaveLength(2),
    PATIENCE_MS,
  );
  // An order that is placed and cancelled behind it has gone the same way by the time it is told.
  await world.client.orders.submit(order('behind', { lines: [line('AGAIN')] }));
  await world.client.orders.cancel('behind');
  await mailAbout(world.url, 'behind', 0, 'order-cancelled');
  expect(await mailsOf(world.url, 'again')).toEqual(['again.0.order-placed', 'again.0.order-cancelled']);
  expect((await world.client.orders.get('again')).status).toBe('cancelled');
});

test('a wish that comes before its order waits for it, and cancels it', async () => {
  await stock('HASTY', 10);
  await publish(world, [cancellation('hasty')]);
  await eventually(async () => {
    expect(await world.query('orders', `select 1 from orders where order_id = 'hasty'`)).toHaveLength(1);
  }, PATIENCE_MS);
  expect((await send('GET', `${world.url}/orders/hasty`)).status, 'there is no order yet').toBe(404);

  await publish(world, [submitted(order('hasty', { lines: [line('HASTY', 5)] }))]);
  await world.reaches('hasty', 'cancelled');
  expect(await level('HASTY')).toEqual({ onHand: 10, reserved: 0 });
  expect(await facts('hasty')).not.toContain('ShipmentDispatched');
  await mailAbout(world.url, 'hasty', 0, 'order-cancelled');
});

test('a wish about nothing is refused over HTTP', async () => {
  const { status, body } = await send('POST', `${world.url}/orders/nobody/cancel`, '{}');
  expect([status, body?.['detail']]).toEqual([404, 'There is no order nobody.']);
});
