import { expect, test } from 'vitest';
import { eventually, MemoryTransport } from '../testing/index.js';
import { Add, Ring, type Ringing, type TallyService } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';
import { MOST_AT_HAND } from './effect-worker.js';

const world = TallyWorld.ofEachTest();
const start = (ring: (call: Ringing) => Promise<{ ok: boolean }>): Promise<TallyService> =>
  world.start({ ring }, new MemoryTransport());
/** An amount of 7 rings, with the total at hand. */
const askFor = (service: TallyService, ...orders: readonly string[]): Promise<unknown> =>
  Promise.all(orders.map((orderId) => service.pipeline.submit(Add, { orderId, amount: 7 })));
const rang = async (): Promise<unknown> =>
  (await world.query('select count(*)::int as count from tally where rang = 1'))[0]?.['count'];

test('the first try has at hand what the reaction handed along; later ones have not, nor has who keeps the call', async () => {
  const calls: Ringing[] = [];
  const seen: unknown[] = [];
  const service = await start((call) => {
    calls.push(call);
    seen.push(call.atHand);
    return call.attempt === 1 ? Promise.reject(new Error('no answer')) : Promise.resolve({ ok: true });
  });
  await service.pipeline.submit(Add, { orderId: 'a', amount: 1 });
  await askFor(service, 'a');
  await eventually(async () => expect(await rang()).toBe(1));
  expect(seen).toEqual([8, undefined]);
  expect(calls.map(({ atHand }) => atHand)).toEqual([undefined, undefined]);
});

test('a process that takes over from one that died has nothing at hand', async () => {
  const seen: unknown[] = [];
  const dying = await start(
    ({ atHand, signal }) =>
      new Promise((_, reject) => {
        seen.push(atHand);
        signal.addEventListener('abort', () => reject(new Error('died')));
      }),
  );
  await askFor(dying, 'a');
  await eventually(() => expect(seen).toEqual([7]));
  // So that its stop has nothing to give back.
  await world.query(`update effect_batch set owner = 'shows no sign of life'`);
  await world.stop();
  await start(({ atHand }) => {
    seen.push(atHand);
    return Promise.resolve({ ok: true });
  });
  await eventually(async () => expect(await rang()).toBe(1));
  expect(seen).toEqual([7, undefined]);
});

test('of a unit of work that was rolled back nothing is at hand: what counts is the try that committed', async () => {
  const seen: unknown[] = [];
  const service = await start(({ atHand }) => {
    seen.push(atHand);
    return Promise.resolve({ ok: true });
  });
  await service.pipeline.submit(Add, { orderId: 'a', amount: 1 });
  // Sequences are not rolled back.
  await world.query(`
    create sequence refusals;
    create function away() returns trigger language plpgsql as $$ begin
      if nextval('refusals') < 3 then raise exception 'away' using errcode = 'cannot_connect_now'; end if;
      return new;
    end $$;
    create trigger away before insert on effect_batch for each row execute function away()`);
  const asked = askFor(service, 'a');
  await eventually(async () => (await world.query('select from refusals where is_called')).length === 1);
  await world.query('update tally set total = 100');
  await asked;
  await eventually(async () => expect(await rang()).toBe(1));
  expect(seen).toEqual([107]);
});

test('of many effects that wait, a bounded number has something at hand', async () => {
  const { concurrency } = Ring.options;
  const tooMany = 50;
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let atHand = 0;
  let calls = 0;
  const service = await start(async (call) => {
    calls += 1;
    if (call.atHand !== undefined) atHand += 1;
    await gate;
    return { ok: true };
  });
  const all = concurrency + MOST_AT_HAND + tooMany;
  await askFor(service, ...Array.from({ length: all }, (_, index) => `o${index}`));
  expect(calls).toBe(concurrency);
  open();
  await eventually(async () => expect(await rang()).toBe(all), 60_000);
  expect([calls, atHand]).toEqual([all, concurrency + MOST_AT_HAND]);
  // There is room again.
  await askFor(service, 'last');
  await eventually(async () => expect(await rang()).toBe(all + 1));
  expect(atHand).toBe(concurrency + MOST_AT_HAND + 1);
});
