import { expect, test } from 'vitest';
import { eventually } from '../testing/index.js';
import { Add } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';
import { runOn, withClient } from './connection.js';
import { insertBatch, packEffects } from './effect-batches.js';

const world = TallyWorld.ofEachTest();

const rang = async (): Promise<unknown> => (await world.query('select rang from tally'))[0]?.['rang'];

test('an effect is performed after the commit, again under its key while there is no answer, and counts once', async () => {
  const calls: { key: string; attempt: number; saved: boolean }[] = [];
  const { pipeline } = await world.start({
    ring: async ({ key, attempt }) => {
      calls.push({ key, attempt, saved: (await world.totals()).a === 7 });
      if (attempt < 3) throw new Error('no answer');
      return { ok: true };
    },
  });
  await pipeline.submit(Add, { orderId: 'a', amount: 7 });
  await eventually(async () => expect((await world.query('select rang from tally'))[0]).toEqual({ rang: 1 }));
  expect(calls).toEqual([1, 2, 3].map((attempt) => ({ key: 'ring/a', attempt, saved: true })));
  expect(await world.count('effect')).toBe(0);
  expect(await world.count('effect_batch')).toBe(0);
});

test('an effect whose process died is performed by another one, under the same key', async () => {
  const keys: string[] = [];
  const { pipeline } = await world.start({
    ring: async ({ key }) => {
      keys.push(key);
      return { ok: true };
    },
  });
  await pipeline.submit(Add, { orderId: 'a', amount: 1 });
  await world.query(
    `insert into effect (kind, key, payload, owner, due_at)
     values ('Ring', 'ring/a', '{"orderId": "a"}', 'shows no sign of life', now())`,
  );
  await eventually(async () => expect((await world.query('select rang from tally'))[0]).toEqual({ rang: 1 }));
  expect(keys).toEqual(['ring/a']);
});

test('a call without an answer is made again also when the database was away in the moment after it', async () => {
  const attempts: number[] = [];
  const service = await world.start({
    ring: async ({ attempt }) => {
      attempts.push(attempt);
      if (attempt > 1) return { ok: true };
      await world.query(`
        create sequence refusals;
        create function away() returns trigger language plpgsql as $$ begin
          perform nextval('refusals');
          raise exception 'away' using errcode = 'cannot_connect_now';
        end $$;
        create trigger away before insert on effect for each row when (new.tries > 0) execute function away()`);
      throw new Error('no answer');
    },
  });
  // An amount that rings.
  await service.pipeline.submit(Add, { orderId: 'a', amount: 7 });
  await eventually(async () => (await world.query('select 1 from refusals where is_called')).length === 1);
  await world.query('drop trigger away on effect');
  await eventually(async () => (await rang()) === 1);
  expect(attempts).toEqual([1, 2]);
});

test('a call is aborted at its timeout, and when the service stops', async () => {
  const reasons: string[] = [];
  const calls: number[] = [];
  const service = await world.start({
    ring: ({ attempt, signal }) =>
      new Promise((_, reject) => {
        calls.push(attempt);
        signal.addEventListener('abort', () => {
          const { name } = signal.reason as Error;
          reasons.push(name);
          reject(new Error(name));
        });
      }),
    ringTimeoutMs: 1_000,
  });
  await service.pipeline.submit(Add, { orderId: 'a', amount: 7 });
  await eventually(() => expect(calls).toEqual([1, 2]));
  expect(reasons).toEqual(['TimeoutError']);
  await world.stop();
  expect(reasons).toEqual(['TimeoutError', 'AbortError']);
});

test('effects of a commit whose answer was lost are performed, though nobody told this process of them', async () => {
  const keys: string[] = [];
  const service = await world.start({
    ring: async ({ key }) => {
      keys.push(key);
      return { ok: true };
    },
  });
  for (const orderId of ['a', 'b', 'c']) await service.pipeline.submit(Add, { orderId, amount: 1 });
  const owner = (await world.query('select id from effect_owner'))[0]?.['id'] as string;
  const effects = ['b', 'c'].map((orderId) => ({
    kind: 'Ring',
    key: `ring/${orderId}`,
    payload: { orderId },
    trace: {},
  }));
  const packed = await packEffects(effects);
  await withClient(service.pipeline.database, (client) =>
    insertBatch(runOn(client), { id: '-1', owner, effects }, packed),
  );
  // As earlier versions left them.
  await world.query(
    `insert into effect (kind, key, payload, owner, due_at)
     select 'Ring', 'ring/a', '{"orderId": "a"}', id, now() from effect_owner`,
  );
  await eventually(async () => (await world.query('select from tally where rang <> 1')).length === 0);
  expect(keys.toSorted()).toEqual(['ring/a', 'ring/b', 'ring/c']);
  expect(await world.query('select from effect_batch')).toEqual([]);
});
