import { expect, test } from 'vitest';
import { eventually } from '../testing/index.js';
import { wish } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';

const world = TallyWorld.ofEachTest();

test('a reaction whose answer is a promise keeps the order of its messages, also when it fails', async () => {
  const service = await world.start({ isGuarded: true, poison: 2, tries: 1_000 });
  world.transport.deliver([wish('a', 1), wish('a', 2), wish('b', 5), wish('a', 4)]);
  const rows = () => world.query('select order_id, total, parked, heard from tally order by order_id');
  await eventually(async () => expect(await rows()).toMatchObject([{ total: 1, parked: 1 }, { total: 5 }]));
  service.plan.poison = undefined;
  await eventually(async () => expect(await rows()).toMatchObject([{ total: 7, parked: 1 }, { total: 5 }]));
  expect((await rows())[0]?.['heard']).toEqual([1, 2, 4].map((n) => `a/0/OrderCancellationRequested/1/${n}`));
});
