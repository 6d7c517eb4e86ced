import { OrderRejected, StockReplenished } from '@baton/contracts';
import { expect, test } from 'vitest';
import { eventually, MemoryTransport } from '../testing/index.js';
import { TallyService, wish } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';
import { encode } from '../wire/cloud-events.js';

const world = TallyWorld.ofEachTest();

test('messages at hand are handled in one unit of work, each seeing what the one before changed', async () => {
  const service = await world.start();
  world.transport.deliver([wish('a', 1), wish('b', 2), wish('a', 3)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 4, b: 2 }));
  await eventually(() => expect(world.transport.records).toHaveLength(3));
  expect(world.transport.records.map(({ key }) => key)).toEqual(['a', 'b', 'a']);
  expect(service.plan.handled).toHaveLength(3);
  const units = await world.query('select distinct outbox_id from tally');
  expect(units).toHaveLength(1);
  // Published rows are removed even when nothing follows.
  await eventually(async () => expect(await world.count('outbox')).toBe(0));
});

test('a topic that is delivered again changes nothing', async () => {
  await world.start();
  world.transport.deliver([wish('a', 1), wish('a', 2)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 3 }));
  world.transport.repeat('orders');
  world.transport.deliver([wish('a', 4)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 7 }));
  expect(world.transport.records).toHaveLength(3);
});

test('records that nobody reacts to are moved over, alone and among others, and hold up nothing', async () => {
  const rejected = (n: number) =>
    encode(OrderRejected({ orderId: `x${n}`, reason: 'order-id-reused', detail: 'x' }), '2026-01-01T00:00:00.000Z', {});
  const position = async () =>
    (await world.query(`select next_offset::int as at from position where topic = 'orders'`))[0]?.at;
  world.transport.deliver([rejected(1), rejected(2)]);
  const service = await world.start();
  // What was there at the start is reached without a unit of work, so that deadlines need not wait for one.
  await eventually(() => service.pipeline.caughtUp);
  await eventually(async () => expect(await position()).toBe(2));
  world.transport.deliver([rejected(3), rejected(4), rejected(5)]);
  await eventually(async () => expect(await position()).toBe(5));
  world.transport.deliver([rejected(6), wish('a', 1), rejected(7)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 1 }));
  await eventually(async () => expect(await position()).toBe(8));
  world.transport.repeat('orders');
  world.transport.deliver([wish('a', 2)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 3 }));
});

test('two processes that meet the same new row in different topics lose nothing', async () => {
  const other = new MemoryTransport();
  await world.start();
  const second = await TallyService.start(world.database, other);
  const replenish = (sku: string, quantity: number) =>
    encode(
      StockReplenished({ sku, location: 'W', onHand: 1, reserved: 0, quantity }, quantity),
      '2026-01-01T00:00:00Z',
      {},
    );
  for (let round = 0; round < 30; round += 1) {
    world.transport.deliver([wish(`k${round}`, 1)]);
    other.deliver([replenish(`k${round}`, 2)]);
  }
  await eventually(async () =>
    expect(Object.values(await world.totals())).toEqual(Array.from({ length: 30 }, () => 3)),
  );
  expect(await world.count('held_message')).toBe(0);
  await second.stop();
});

test('a database that was set back to an earlier moment is caught up from its own positions', async () => {
  await world.start();
  world.transport.deliver([wish('a', 1), wish('a', 2), wish('a', 4)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 7 }));
  await world.query(`update tally set total = 1; update position set next_offset = 1`);
  world.transport.deliver([wish('a', 8)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 15 }));
});

test('a stop finishes and publishes what is at hand, and the next start goes on', async () => {
  const service = await TallyService.start(world.database, world.transport);
  world.transport.deliver(Array.from({ length: 200 }, (_, index) => wish(`o${index % 10}`, 1)));
  await service.stop();
  const before = Object.values(await world.totals()).reduce((a, b) => a + b, 0);
  expect(world.transport.records).toHaveLength(before);
  expect(await world.count('outbox')).toBe(0);
  await world.start();
  await eventually(async () => expect(Object.values(await world.totals()).reduce((a, b) => a + b, 0)).toBe(200));
});
