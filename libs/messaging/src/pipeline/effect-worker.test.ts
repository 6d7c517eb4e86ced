import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '../testing/index.js';
import { Add, TallyService } from '../testing/tally.js';
import { runOn, withClient } from './connection.js';
import { insertBatch } from './effect-batches.js';

let database: FreshDatabase;
let service: TallyService | undefined;

beforeEach(async () => {
  database = await freshDatabase();
});
afterEach(async () => {
  await service?.stop();
  await database.drop();
});

const rang = async (): Promise<unknown> => (await database.query('select rang from tally'))[0]?.['rang'];

test('a call without an answer is made again also when the database was away in the moment after it', async () => {
  const attempts: number[] = [];
  service = await TallyService.start(database, new MemoryTransport(), {
    ring: async ({ attempt }) => {
      attempts.push(attempt);
      if (attempt > 1) return { ok: true };
      await database.query(`
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
  await eventually(async () => (await database.query('select 1 from refusals where is_called')).length === 1);
  await database.query('drop trigger away on effect');
  await eventually(async () => (await rang()) === 1);
  expect(attempts).toEqual([1, 2]);
});

test('a call is aborted at its timeout, and when the service stops', async () => {
  const reasons: string[] = [];
  const calls: number[] = [];
  service = await TallyService.start(database, new MemoryTransport(), {
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
  await service.stop();
  service = undefined;
  expect(reasons).toEqual(['TimeoutError', 'AbortError']);
});

test('effects of a commit whose answer was lost are performed, though nobody told this process of them', async () => {
  const keys: string[] = [];
  service = await TallyService.start(database, new MemoryTransport(), {
    ring: async ({ key }) => {
      keys.push(key);
      return { ok: true };
    },
  });
  for (const orderId of ['a', 'b', 'c']) await service.pipeline.submit(Add, { orderId, amount: 1 });
  const owner = (await database.query('select id from effect_owner'))[0]?.['id'] as string;
  const effects = ['b', 'c'].map((orderId) => ({
    kind: 'Ring',
    key: `ring/${orderId}`,
    payload: { orderId },
    trace: {},
  }));
  await withClient(service.pipeline.database, (client) => insertBatch(runOn(client), { id: '-1', owner, effects }));
  // As earlier versions left them.
  await database.query(
    `insert into effect (kind, key, payload, owner, due_at)
     select 'Ring', 'ring/a', '{"orderId": "a"}', id, now() from effect_owner`,
  );
  await eventually(async () => (await database.query('select from tally where rang <> 1')).length === 0);
  expect(keys.toSorted()).toEqual(['ring/a', 'ring/b', 'ring/c']);
  expect(await database.query('select from effect_batch')).toEqual([]);
});
