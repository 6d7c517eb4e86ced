import { expect, test } from 'vitest';
import { eventually } from '../testing/index.js';
import { wish } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';

const world = TallyWorld.ofEachTest();

test('a message that fails is tried again alone; its order waits, others go on, and then all goes in order', async () => {
  const service = await world.start({ poison: 2, tries: 1_000 });
  world.transport.deliver([wish('a', 1), wish('a', 2), wish('b', 5), wish('a', 4)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 1, b: 5 }));
  await eventually(() => service.plan.handled.filter((id) => id.endsWith('/2')).length > 3);
  expect(await world.query('select state, key from held_message order by id')).toEqual([
    { state: 'retrying', key: 'a' },
    { state: 'parked', key: 'a' },
  ]);
  service.plan.poison = undefined;
  await eventually(async () => expect(await world.totals()).toEqual({ a: 7, b: 5 }));
  const [row] = await world.query(`select heard, parked from tally where order_id = 'a'`);
  expect(row).toEqual({ heard: [1, 2, 4].map((n) => `a/0/OrderCancellationRequested/1/${n}`), parked: 1 });
  expect(await world.count('held_message')).toBe(0);
});

test('after the last try a message is a dead letter with its reason, and its order waits for an operator', async () => {
  const service = await world.start({ poison: 2 });
  world.transport.deliver([wish('a', 2), wish('a', 3), wish('b', 1)]);
  await eventually(async () =>
    expect(await world.query('select state, reason, tries, origin from held_message order by id')).toEqual([
      { state: 'dead', reason: 'poisoned', tries: 3, origin: 'orders/0/0' },
      expect.objectContaining({ state: 'parked' }),
    ]),
  );
  expect(await world.totals()).toEqual({ a: 0, b: 1 });
  service.plan.poison = undefined;
  await world.query(`update held_message set state = 'retrying', tries = 0, next_at = now() where state = 'dead'`);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 5, b: 1 }));
});

test('what is no event becomes a dead letter with the reason, and holds up nothing', async () => {
  await world.start();
  const good = wish('a', 1);
  const { ce_type: _type, ...untyped } = good.headers;
  world.transport.deliver([
    { ...good, value: Buffer.from('{"orderId":') },
    { ...good, value: Buffer.from('{"orderId":"a","wish":0}') },
    { ...good, headers: { ...good.headers, ce_type: 'baton.orders.OrderCancellationRequested.v9' } },
    { ...good, headers: { ...good.headers, ce_type: 'baton.orders.OrderForgotten.v1' } },
    { ...good, headers: untyped },
    { ...good, key: 'b' },
    { ...good, key: undefined },
    { ...good, value: Buffer.alloc(10_000_000, 32) },
    { ...good, value: Buffer.from('{"orderId":"a\\u0000","wish":1}') },
    good,
  ]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 1 }));
  const reasons = (await world.query('select reason from held_message order by id')).map(({ reason }) => reason);
  expect(reasons).toEqual([
    expect.stringContaining('is not JSON'),
    expect.stringContaining('wish'),
    expect.stringContaining('is a version that this service does not know'),
    expect.stringContaining('No contract declares'),
    expect.stringContaining('ce_type is missing'),
    expect.stringContaining('disagree'),
    expect.stringContaining('has no key'),
    expect.stringContaining('10000000 bytes'),
    expect.stringContaining('orderId'),
  ]);
});

test('a row that the database refuses is held alone, and the rest of its batch is saved', async () => {
  await world.start({ tries: 1 });
  // A total of 1,000 or more breaks the table's check.
  world.transport.deliver([wish('a', 1), wish('big', 5_000), wish('b', 2), wish('c', 3)]);
  await eventually(async () => expect(await world.totals()).toMatchObject({ a: 1, b: 2, c: 3 }));
  expect(await world.query('select key, state from held_message')).toEqual([{ key: 'big', state: 'dead' }]);
});

test('a connection that breaks is waited out, and nothing becomes a dead letter', async () => {
  let cuts = 3;
  const service = await world.start({
    onReaction: () => {
      if (cuts-- > 0) void world.database.cutConnections();
    },
  });
  for (let number = 1; number <= 40; number += 1) world.transport.deliver([wish(`o${number % 4}`, number)]);
  await eventually(async () => expect(Object.values(await world.totals()).reduce((a, b) => a + b, 0)).toBe(820));
  expect(await world.count('held_message')).toBe(0);
  await eventually(() => expect(new Set(world.transport.records.map(({ headers }) => headers.ce_id)).size).toBe(40));
  expect(service.plan.handled.length).toBeGreaterThanOrEqual(40);
});
