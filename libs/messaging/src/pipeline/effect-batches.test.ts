import { afterEach, expect, test } from 'vitest';
import { eventually, MemoryTransport } from '../testing/index.js';
import { Add, type Ringing, type TallyOptions, type TallyService } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';

const world = TallyWorld.ofEachTest();
afterEach(() => {
  for (const open of gates.values()) open();
  gates.clear();
});

/** Calls of the world, by order, in the order in which they came. */
let calls: string[] = [];
const gates = new Map<string, () => void>();
/** Answers when its order's gate opens; a stop ends the wait without an answer. */
const answerLater = async ({ payload: { orderId }, signal }: Ringing) => {
  calls.push(orderId);
  await new Promise<void>((resolve, reject) => {
    gates.set(orderId, resolve);
    signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
  });
  return { ok: true };
};
const answer = (...orders: string[]): void => {
  for (const order of orders) gates.get(order)?.();
};

const start = async (options: TallyOptions = { ring: answerLater }): Promise<TallyService> => {
  const service = await world.start(options, new MemoryTransport());
  calls = [];
  return service;
};
/** In one unit of work; an amount of 7 rings. */
const askFor = (service: TallyService, ...orders: string[]): Promise<unknown> =>
  Promise.all(orders.map((orderId) => service.pipeline.submit(Add, { orderId, amount: 7 })));

const rang = async (): Promise<string> =>
  (await world.query('select order_id from tally where rang = 1 order by order_id'))
    .map(({ order_id: id }) => id as string)
    .join('');
const batches = () => world.query('select bit_count(open)::int as open from effect_batch order by id');
const rows = () => world.query('select key, tries, owner is null as free from effect order by key');
const twice = () => world.query('select order_id from tally where rang > 1');
const nothingIsLeft = async (): Promise<void> => {
  expect([await batches(), await rows(), await twice()]).toEqual([[], [], []]);
};

test('effects of one unit of work are one row, whose answers come in several units of work', async () => {
  const service = await start();
  await askFor(service, 'a', 'b', 'c');
  await eventually(() => expect(calls).toEqual(['a', 'b', 'c']));
  expect(await batches()).toEqual([{ open: 3 }]);
  answer('b');
  await eventually(async () => expect(await rang()).toBe('b'));
  expect(await batches()).toEqual([{ open: 2 }]);
  answer('a');
  await eventually(async () => expect(await rang()).toBe('ab'));
  expect(await batches()).toEqual([{ open: 1 }]);
  answer('c');
  await eventually(async () => expect(await rang()).toBe('abc'));
  await nothingIsLeft();
  expect(calls).toEqual(['a', 'b', 'c']);
});

test('of a batch whose process died, what has no answer is performed again, and nothing else', async () => {
  const service = await start();
  await askFor(service, 'a', 'b', 'c', 'd');
  await eventually(() => expect(calls).toHaveLength(4));
  answer('a', 'd');
  await eventually(async () => expect(await rang()).toBe('ad'));
  // So that its stop has nothing to give back.
  await world.query(`update effect_batch set owner = 'shows no sign of life'`);
  await world.stop();
  expect(await batches()).toEqual([{ open: 2 }]);
  await start({
    ring: ({ payload, attempt }) => {
      calls.push(`${payload.orderId}${attempt}`);
      return Promise.resolve({ ok: true });
    },
  });
  await eventually(async () => expect(await rang()).toBe('abcd'));
  expect(calls.toSorted()).toEqual(['b1', 'c1']);
  await nothingIsLeft();
});

test('a stop gives back what has no answer, for anybody and at once', async () => {
  const service = await start();
  await askFor(service, 'a', 'b', 'c');
  await eventually(() => expect(calls).toHaveLength(3));
  answer('b');
  await eventually(async () => expect(await rang()).toBe('b'));
  await world.stop();
  expect(await batches()).toEqual([]);
  expect(await rows()).toEqual(['ring/a', 'ring/c'].map((key) => ({ key, tries: 0, free: true })));
});

test('an answer that comes while a service stops is taken in', async () => {
  let aborted = false;
  const service = await start({
    ring: async ({ payload, signal }) => {
      calls.push(payload.orderId);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      aborted = true;
      return { ok: true };
    },
  });
  await askFor(service, 'a', 'b');
  await eventually(() => expect(calls).toHaveLength(2));
  await world.stop();
  expect(aborted).toBe(true);
  expect(await rang()).toBe('ab');
  await nothingIsLeft();
});

test('an effect without an answer leaves its batch, and the others are answered there', async () => {
  let away = true;
  const service = await start({
    ring: (call) => {
      if (call.payload.orderId !== 'b') return answerLater(call);
      calls.push(`b${call.attempt}`);
      return away ? Promise.reject(new Error('away')) : Promise.resolve({ ok: true });
    },
  });
  await askFor(service, 'a', 'b', 'c');
  await eventually(() => expect(calls).toContain('b3'));
  expect(await batches()).toEqual([{ open: 2 }]);
  await eventually(async () =>
    expect(await world.query('select last_error, tries > 1 as tried from effect')).toEqual([
      { last_error: 'away', tried: true },
    ]),
  );
  answer('a', 'c');
  await eventually(async () => expect(await rang()).toBe('ac'));
  expect(await batches()).toEqual([]);
  away = false;
  await eventually(async () => expect(await rang()).toBe('abc'));
  await nothingIsLeft();
});

test('a batch all of whose effects have left goes', async () => {
  let tries = 0;
  const service = await start({
    ring: () => ((tries += 1) > 3 ? Promise.resolve({ ok: true }) : Promise.reject(new Error('away'))),
  });
  await askFor(service, 'a', 'b');
  await eventually(async () => expect(await rang()).toBe('ab'));
  await nothingIsLeft();
});

test('what is asked for again while it waits for its answer is performed once, and answered once', async () => {
  const service = await start();
  await askFor(service, 'a', 'a', 'b');
  expect(await batches()).toEqual([{ open: 2 }]);
  await askFor(service, 'a');
  expect(await batches()).toEqual([{ open: 2 }, { open: 1 }]);
  answer('a', 'b');
  await eventually(async () => expect(await rang()).toBe('ab'));
  await nothingIsLeft();
  expect(calls).toEqual(['a', 'b']);
});

test('a process that is taken for dead and lives does not count an answer twice', async () => {
  const living = await start();
  await askFor(living, 'a', 'b', 'c');
  await eventually(() => expect(calls).toHaveLength(3));
  await start({ ring: () => Promise.resolve({ ok: true }) });
  await world.query(`update effect_batch set owner = 'shows no sign of life'`);
  // Whichever of the two takes them over.
  await eventually(async () => expect(await batches()).toEqual([]));
  await eventually(async () => {
    // Calls that were open all the time, and those that the same process has made again.
    answer('a', 'b', 'c');
    expect(await rang()).toBe('abc');
  });
  await world.stop();
  await nothingIsLeft();
});

test('a thousand effects of one unit of work are one row until the last is answered', async () => {
  const orders = Array.from({ length: 1_000 }, (_, index) => `o${index}`);
  let most = 0;
  const service = await start({
    ring: async ({ payload: { orderId } }) => {
      most = Math.max(most, (await batches()).length);
      calls.push(orderId);
      return { ok: true };
    },
  });
  await askFor(service, ...orders);
  await eventually(async () => expect(await world.query('select from tally where rang <> 1')).toEqual([]));
  await nothingIsLeft();
  expect(most).toBe(1);
  expect(calls.toSorted()).toEqual(orders.toSorted());
});
