import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '../testing/index.js';
import { Add, TallyService } from '../testing/tally.js';

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

test('an effect of a commit whose answer was lost is performed, though nobody told this process of it', async () => {
  const keys: string[] = [];
  service = await TallyService.start(database, new MemoryTransport(), {
    ring: async ({ key }) => {
      keys.push(key);
      return { ok: true };
    },
  });
  await service.pipeline.submit(Add, { orderId: 'a', amount: 1 });
  await database.query(
    `insert into effect (kind, key, payload, owner, due_at)
     select 'Ring', 'ring/a', '{"orderId": "a"}', id, now() from effect_owner`,
  );
  await eventually(async () => (await rang()) === 1);
  expect(keys).toEqual(['ring/a']);
});
