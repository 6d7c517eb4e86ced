import { expect, test } from 'vitest';
import { Add } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';

const world = TallyWorld.ofEachTest();

test('a command under a key that was used is answered again, and refused with another body', async () => {
  const { pipeline } = await world.start();
  const key = { idempotencyKey: 'k1' };
  expect(await pipeline.submit(Add, { orderId: 'a', amount: 5 }, key)).toEqual({ body: { total: 5 } });
  expect(await pipeline.submit(Add, { orderId: 'a', amount: 5 }, key)).toEqual({ body: { total: 5 } });
  await expect(pipeline.submit(Add, { orderId: 'a', amount: 6 }, key)).rejects.toMatchObject({
    status: 422,
    code: 'idempotency-key-reused',
  });
  const twice = await Promise.all(
    [1, 2].map(() => pipeline.submit(Add, { orderId: 'b', amount: 1 }, { idempotencyKey: 'k2' })),
  );
  expect(twice).toEqual([{ body: { total: 1 } }, { body: { total: 1 } }]);
  expect(await world.totals()).toEqual({ a: 5, b: 1 });
});

test('a command that is refused or fails leaves no trace, and the others in its batch are answered', async () => {
  const { pipeline } = await world.start();
  const results = await Promise.allSettled([
    pipeline.submit(Add, { orderId: 'a', amount: 1 }),
    pipeline.submit(Add, { orderId: 'a', amount: -1 }),
    pipeline.submit(Add, { orderId: 'a', amount: 13 }),
    pipeline.submit(Add, { orderId: 'a', amount: 5_000 }),
    pipeline.submit(Add, { orderId: 'a', amount: 0.5 }),
    pipeline.submit(Add, { orderId: 'a', amount: 2 }),
  ]);
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'rejected',
    'rejected',
    'fulfilled',
  ]);
  expect(results[1]).toMatchObject({ reason: { status: 409, code: 'below-zero' } });
  expect(results[4]).toMatchObject({ reason: { status: 400, code: 'invalid-request' } });
  expect(await world.totals()).toEqual({ a: 3 });
  expect(await world.count('held_message')).toBe(0);
});
