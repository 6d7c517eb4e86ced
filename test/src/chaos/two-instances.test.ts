import { superstoreOrders } from '@baton/client';
import type { OrderInput } from '@baton/contracts';
import { balances } from '@baton/run';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaosSystem, DEADLINE_MS } from './chaos-system.js';
import { standingStill, whileLocked } from './locks.js';
import { mailsAreComplete } from './mails.js';
import { type Chance, seeded } from './random.js';
import { everyRecord, idsByOrder } from './topic.js';

const LOCATIONS = ['East', 'West'] as const;
const STOCK = 50;
const PORTION = 40;
const NEVER_ORDERS = 30;

/** Units of work take their stock rows before they change anything, and write their events last but for the commit. */
const HOT_ROW = `select 1 from stock where sku = 'hot' for update`;
const EVENTS = 'lock table outbox in share mode';

let chaos: ChaosSystem;
let chance: Chance;
/** What coordinators are started with from now on. */
let policy = '';
beforeAll(async () => {
  chance = seeded('two instances');
  const env = (name: string): Readonly<Record<string, string>> =>
    name.startsWith('coordinator') ? { COORDINATOR_POLICY: policy } : {};
  chaos = await ChaosSystem.start({ instances: { inventory: 2, coordinator: 2 }, env });
}, DEADLINE_MS);
afterAll(() => chaos?.stop(), DEADLINE_MS);

const customer = superstoreOrders()[0]?.customer as OrderInput['customer'];
const orderOf = (orderId: string, sku: string, quantity: number, rest: Partial<OrderInput> = {}): OrderInput => ({
  orderId,
  customer,
  lines: [{ lineId: '1', sku, quantity }],
  ...rest,
});

const killAndAwait = async (...names: readonly string[]): Promise<void> => {
  chaos.kill(...names);
  await chaos.back(...names);
};

describe('When_two_inventories_are_killed_in_the_middle_of_commits_over_one_SKU_that_all_orders_want', () => {
  const orders: OrderInput[] = [];
  const publishSome = async (): Promise<void> => {
    const portion = Array.from({ length: PORTION }, (_, index) =>
      orderOf(`hot-${orders.length + index}`, 'hot', chance.between(1, 3), {
        region: chance.pick(LOCATIONS),
        onShortage: chance.between(1, 3) === 1 ? 'cancel' : 'backorder',
      }),
    );
    orders.push(...portion);
    await chaos.publish(portion);
  };
  const replenish = (location: string, quantity: number, key: string): Promise<void> =>
    chaos.until(`${quantity} have arrived in ${location}`, async () => {
      await chaos.client.stock.replenish('hot', location, quantity, { idempotencyKey: key });
      return true;
    });

  it('oversells nothing and loses nothing', { timeout: 2 * DEADLINE_MS }, async () => {
    await chaos.client.stock.import(LOCATIONS.map((location) => ({ sku: 'hot', location, onHand: STOCK })));

    // Killed before they have written anything.
    await whileLocked(chaos, 'inventory', HOT_ROW, async () => {
      await publishSome();
      await standingStill(chaos, 'inventory');
      chaos.kill('inventory', 'inventory-2');
    });
    await chaos.back('inventory', 'inventory-2');
    // Killed with its commit on the way: Postgres commits when nobody is there any more to publish the events.
    await whileLocked(chaos, 'inventory', EVENTS, async () => {
      await publishSome();
      await standingStill(chaos, 'inventory');
      chaos.kill('inventory');
    });
    await chaos.back('inventory');
    // Goods arrive, and whoever takes them in is killed with its commit on the way; the answer is asked for again.
    let arrival = Promise.resolve();
    await whileLocked(chaos, 'inventory', EVENTS, async () => {
      arrival = replenish('East', STOCK, 'lorry-1');
      await publishSome();
      await standingStill(chaos, 'inventory');
      chaos.kill('inventory', 'inventory-2');
    });
    await arrival;
    // Killed while it works, wherever that is.
    const moved = async (): Promise<string> =>
      String((await chaos.query('inventory', 'select sum(next_offset) as n from position'))[0]?.['n']);
    await chaos.back('inventory', 'inventory-2');
    const before = await moved();
    await publishSome();
    await chaos.until('positions move', async () => (await moved()) !== before);
    await killAndAwait('inventory-2');

    const ids = orders.map(({ orderId }) => orderId);
    await chaos.settled(ids);
    const halfway = await chaos.auditor.books(ids);
    expect(balances(halfway, ids.length), JSON.stringify(halfway)).toBe(true);
    expect(halfway.waiting).toBeGreaterThan(0);
    const enough = 3 * orders.length;
    await replenish('West', enough, 'lorry-2');
    await chaos.until('nobody waits', async () => (await chaos.auditor.books(ids)).waiting === 0);
    await chaos.settled(ids);

    const books = await chaos.auditor.books(ids);
    chaos.note(JSON.stringify(books));
    expect(balances(books, ids.length), JSON.stringify(books)).toBe(true);
    const statuses = new Map(
      (await chaos.query('orders', 'select order_id, status from orders')).map((row) => [
        row['order_id'],
        row['status'],
      ]),
    );
    const completed = orders.filter(({ orderId }) => statuses.get(orderId) === 'completed');
    const waitedFor = orders.filter(({ onShortage }) => onShortage === 'backorder');
    expect(completed).toEqual(expect.arrayContaining(waitedFor));
    const wentOut = completed.flatMap(({ lines }) => lines).reduce((sum, { quantity }) => sum + quantity, 0);
    const { levels, waiting } = await chaos.client.stock.get('hot');
    expect(levels.map(({ reserved }) => reserved)).toEqual([0, 0]);
    expect(levels.reduce((sum, { onHand }) => sum + onHand, 0)).toBe(3 * STOCK + enough - wentOut);
    expect(waiting).toBe(0);
  });
});

describe('When_a_coordinator_dies_while_deadlines_fall_due', () => {
  it('ends each order once', { timeout: DEADLINE_MS }, async () => {
    policy = 'backorder=5s';
    await killAndAwait('coordinator', 'coordinator-2');
    await chaos.client.stock.import([{ sku: 'never', location: 'East', onHand: 0 }]);
    const orders = Array.from({ length: NEVER_ORDERS }, (_, n) => orderOf(`never-${n}`, 'never', 1));
    const ids = orders.map(({ orderId }) => orderId);
    const [first = 'coordinator', second = 'coordinator-2'] = chance.shuffled(['coordinator', 'coordinator-2']);
    await chaos.publish(orders);
    await chaos.until('orders wait', async () => (await chaos.auditor.books(ids)).waiting > NEVER_ORDERS / 3);
    await killAndAwait(first);
    await chaos.until('orders are given up', async () => (await chaos.auditor.books(ids)).cancelled > 0);
    await killAndAwait(second);
    await chaos.until('all are given up', async () => (await chaos.auditor.books(ids)).cancelled === NEVER_ORDERS);
    await chaos.settled(ids);
    await chaos.until('every mail is sent', () => mailsAreComplete(chaos, ids));

    const books = await chaos.auditor.books(ids);
    expect(balances(books, NEVER_ORDERS), JSON.stringify(books)).toBe(true);
    const records = await everyRecord(chaos.system.transport, ['fulfilment']);
    const once = new Map(ids.map((id) => [id, 1]));
    for (const name of ['BackorderPlaced', 'OrderDelayed', 'StockReleaseRequested', 'FulfilmentCancelled']) {
      const of = idsByOrder(records, name);
      expect(new Map(ids.map((id) => [id, of.get(id)])), name).toEqual(once);
    }
    expect(await chaos.query('inventory', `select 1 from reservation where state = 'waiting'`)).toEqual([]);
  });
});

describe('When_a_service_cannot_start_any_more', () => {
  it('gives up with the reason, and leaves no process', { timeout: DEADLINE_MS }, async () => {
    await chaos.query('orders', 'drop database baton_notification with (force)');
    chaos.kill('notification');
    const { message } = await chaos.system.gaveUp;
    expect(message).toMatch(/^notification did not start \(.*\), 5 times within 60 s\. Giving up\.$/s);
    expect(message).toContain('database "baton_notification" does not exist');
    expect(await chaos.stop()).toEqual([]);
  });
});
