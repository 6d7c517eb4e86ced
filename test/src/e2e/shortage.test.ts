import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mailAbout, mailsOf } from './support/mails.js';
import { ids, line, LOCATION, order } from './support/orders.js';
import { startSystem, type TestSystem } from './support/system.js';
import { Picker } from './support/warehouse.js';

const stock = (world: TestSystem, levels: Readonly<Record<string, number>>): Promise<unknown> =>
  world.client.stock.import(Object.entries(levels).map(([sku, onHand]) => ({ sku, location: LOCATION, onHand })));
const level = async (world: TestSystem, sku: string) => {
  const { levels } = await world.client.stock.get(sku);
  return { onHand: levels[0]?.onHand, reserved: levels[0]?.reserved };
};
const facts = async (world: TestSystem, orderId: string): Promise<readonly string[]> =>
  (await world.client.orders.get(orderId)).timeline.map(({ fact }) => fact);

describe('Stock', () => {
  let world: TestSystem;
  let picker: Picker;
  beforeAll(async () => {
    world = await startSystem();
    picker = new Picker(world);
  });
  afterAll(() => world?.stop());

  test('that is short delays the order, which waits in line and is completed when goods arrive', async () => {
    await stock(world, { RARE: 2, PLENTY: 10 });
    await world.client.orders.submit(order('waits', { lines: [line('RARE', 5), line('PLENTY', 1, '2')] }));
    const { status } = await world.tells(
      'waits',
      /^Shipment 2 waits for inventory to reserve its stock, since .+ UTC, until .+ UTC; then it is given up and the order is cancelled\.$/,
    );
    await world.reaches('waits', 'delayed');
    expect(['placed', 'delayed']).toContain(status);
    expect(await level(world, 'RARE'), 'nothing is held for it').toEqual({ onHand: 2, reserved: 0 });
    const mail = await mailAbout(world.url, 'waits', 2, 'order-delayed');
    expect(mail.text).toContain('not everything you ordered is in stock');
    expect(await world.settled(['waits'])).toMatchObject({ waiting: 1 });

    const answer = await world.client.stock.replenish('RARE', LOCATION, 3);
    expect(answer).toMatchObject({ onHand: 5, served: [{ orderId: 'waits', shipment: 2 }] });
    await picker.work('waits', 2);
    await world.reaches('waits', 'completed');
    expect(await world.settled(['waits'])).toMatchObject({ completed: 1, waiting: 0, stock_drift: 0 });
    expect(await level(world, 'RARE')).toEqual({ onHand: 0, reserved: 0 });
    expect(await mailsOf(world.url, 'waits')).toEqual([
      'waits.0.order-placed',
      'waits.2.order-delayed',
      'waits.2.shipment-dispatched',
      'waits.2.shipment-delivered',
    ]);
  });

  test('that is short cancels the order when its customer would rather not wait', async () => {
    await stock(world, { SCARCE: 1 });
    await world.client.orders.submit(order('impatient', { lines: [line('SCARCE', 2)], onShortage: 'cancel' }));
    const { waitsFor } = await world.reaches('impatient', 'cancelled');
    expect(waitsFor).toMatch(/: There is not enough stock, and the customer would rather not wait\.$/);
    expect((await mailAbout(world.url, 'impatient', 0, 'order-cancelled')).text).toContain(
      'we do not have what you ordered',
    );
    expect(await mailsOf(world.url, 'impatient')).not.toContain('impatient.2.order-delayed');
    expect(await level(world, 'SCARCE')).toEqual({ onHand: 1, reserved: 0 });
  });

  test('that a picker cannot find is written off; what is there is put back, and the rest asked for anew', async () => {
    await stock(world, { THERE: 10, GONE: 5 });
    await world.client.orders.submit(order('found', { lines: [line('THERE', 2), line('GONE', 2, '2')] }));
    await picker.claim('found');
    await picker.pick('found', [{ lineId: '1', quantity: 2 }]);
    await picker.short('found', '2', 1);
    await world.tells('found', /^Shipment 1 is being undone and waits for the warehouse to stop and to put away/);
    await picker.listIs('found', 'stopping');
    await picker.putAway('found');
    await picker.work('found', 2);
    await world.reaches('found', 'completed');
    expect(await level(world, 'THERE')).toEqual({ onHand: 8, reserved: 0 });
    expect(await level(world, 'GONE'), '1 missing, 2 sent').toEqual({ onHand: 2, reserved: 0 });
    const said = await facts(world, 'found');
    expect(said.filter((fact) => fact === 'StockRequested' || fact === 'ShipmentDispatched')).toHaveLength(2);
  });

  test('of which the last unit is missing makes the order wait', async () => {
    await stock(world, { LAST: 1 });
    await world.client.orders.submit(order('last', { lines: [line('LAST')] }));
    await picker.claim('last');
    await picker.short('last', '1', 0);
    await world.tells('last', /^Shipment 3 waits for inventory to reserve its stock/);
    expect(await level(world, 'LAST')).toEqual({ onHand: 0, reserved: 0 });
    await world.client.stock.replenish('LAST', LOCATION, 1);
    await picker.work('last', 3);
    await world.reaches('last', 'completed');
    expect(await world.settled(['last'])).toMatchObject({ completed: 1, stock_drift: 0, incidents: 0 });
  });
});

describe('Shelves that hold less than the book says', () => {
  let world: TestSystem;
  beforeAll(async () => {
    world = await startSystem({ staff: 4, shortRate: 0.4 });
    await stock(world, { CUP: 40, POT: 1_000 });
  });
  afterAll(() => world?.stop());

  test('lead to new shipments, until each order is completed or waits', async () => {
    const orderIds = ids('shelf', 12);
    for (const orderId of orderIds) {
      await world.client.orders.submit(order(orderId, { lines: [line('CUP', 3), line('POT', 3, '2')] }));
    }
    const books = await world.settled(orderIds);
    expect(books).toMatchObject({ placed: 12, cancelled: 0, incidents: 0, dead_letters: 0, stock_drift: 0 });
    expect(books.completed + books.waiting).toBe(12);
    const [{ n } = { n: 0 }] = await world.query(
      'warehouse',
      'select count(*)::int as n from pick_lists where shipment > 1',
    );
    expect(n, 'somebody found a shelf short').toBeGreaterThan(0);
    const [{ lost } = { lost: 0 }] = await world.query(
      'inventory',
      `select coalesce(sum((line->>'quantity')::int), 0)::int as lost
       from reservation, jsonb_array_elements(missing) line where line->>'sku' = 'POT'`,
    );
    expect(await level(world, 'POT')).toEqual({ onHand: 1_000 - 3 * books.completed - Number(lost), reserved: 0 });
  });
});
