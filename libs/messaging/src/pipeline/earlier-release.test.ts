import { expect, test } from 'vitest';
import { eventually, MemoryTransport } from '../testing/index.js';
import { Add } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';
import { leftBehind } from './earlier-release.fixture.js';

const world = TallyWorld.ofEachTest();

test('what a process of an earlier release left when it was killed is published, handled, performed and answered', async () => {
  await world.stop(await world.start());
  for (const row of leftBehind) await world.query(row);
  const transport = new MemoryTransport();
  const service = await world.start({}, transport);

  await eventually(async () =>
    expect(await world.query('select order_id, total, rang from tally order by order_id')).toEqual([
      { order_id: 'a', total: 1, rang: 0 },
      { order_id: 'b', total: 5, rang: 0 },
      { order_id: 'c', total: 7, rang: 1 },
    ]),
  );
  await eventually(() =>
    expect(new Set(transport.records.map(({ headers }) => headers['ce_id']))).toEqual(
      new Set([
        'a/0/FulfilmentStarted/1/a.0.OrderCancellationRequested.1.1',
        'b/0/FulfilmentStarted/1/b.0.OrderCancellationRequested.1.2',
        'b/0/FulfilmentStarted/1/b.0.OrderCancellationRequested.1.3',
        'c/0/FulfilmentStarted/1/Add.key-1',
      ]),
    ),
  );
  const again = { idempotencyKey: 'key-1' };
  expect(await service.pipeline.submit(Add, { orderId: 'c', amount: 7 }, again)).toEqual({ body: { total: 7 } });
  expect(await world.query(`select total from tally where order_id = 'c'`)).toEqual([{ total: 7 }]);
  for (const table of ['held_message', 'effect_batch']) expect(await world.query(`select from ${table}`)).toEqual([]);
});
