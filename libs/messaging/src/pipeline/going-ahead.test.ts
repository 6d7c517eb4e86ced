import { OrderCancellationRequested } from '@baton/contracts';
import { expect, test } from 'vitest';
import { eventually } from '../testing/index.js';
import { Add, wish } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';

const world = TallyWorld.ofEachTest();

/** Wishes wait for company; a command waits for nobody, and takes along the wishes of its order. */
const wishesMayWait = { patient: [OrderCancellationRequested], patientMs: 60_000 };
const standing = async () =>
  (await world.query(`select next_offset::int as at, ahead from position where topic = 'orders'`))[0];

test('a message that waits for nobody goes ahead with those of its key, and the others lose nothing', async () => {
  const service = await world.start({ gathering: wishesMayWait });
  world.transport.deliver([wish('a', 1), wish('b', 2), wish('a', 3), wish('b', 4)]);
  await service.pipeline.submit(Add, { orderId: 'b', amount: 10 });
  expect(await world.totals()).toEqual({ b: 16 });
  expect(await standing()).toEqual({ at: 0, ahead: expect.any(String) as string });
  // What went ahead is known when everything comes again, here or with another process.
  world.transport.repeat('orders');
  const second = await world.start({ gathering: wishesMayWait });
  await second.pipeline.submit(Add, { orderId: 'b', amount: 100 });
  expect(await world.totals()).toEqual({ b: 116 });
  await second.pipeline.submit(Add, { orderId: 'a', amount: 20 });
  expect(await world.totals()).toEqual({ a: 24, b: 116 });
  // The first process has the wishes of `a` still; a stop handles what is at hand.
  await world.stop(service);
  expect(await world.totals()).toEqual({ a: 24, b: 116 });
  expect(await standing()).toEqual({ at: 4, ahead: null });
});

test('a message that an outcome awaits is handled at once, the others wait on', async () => {
  const service = await world.start({ gathering: wishesMayWait });
  await service.pipeline.submit(Add, { orderId: 'b', amount: 9 });
  world.transport.deliver([wish('a', 1), wish('b', 2)]);
  await eventually(async () => expect(await world.totals()).toEqual({ b: 11 }));
});

test('a message that the database refuses does not take the position past one that waits', async () => {
  const service = await world.start({ gathering: wishesMayWait });
  world.transport.deliver([wish('b', 1), wish('a', 1), wish('b', 5_000), wish('b', 2)]);
  await service.pipeline.submit(Add, { orderId: 'b', amount: 10 });
  await eventually(async () => expect(await world.count('held_message')).toBe(2));
  expect(await standing()).toMatchObject({ at: 1 });
  await world.stop(service);
  expect(await world.totals()).toEqual({ a: 1, b: 11 });
  expect(await standing()).toEqual({ at: 4, ahead: null });
});
