import { randomBytes } from 'node:crypto';
import { StockShort } from '@baton/contracts';
import { expect, test } from 'vitest';
import { save } from '../api/outcome.js';
import { eventually, MemoryTransport } from '../testing/index.js';
import { Add, none, silent, Tallies, wish } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';
import { MAX_BODY_BYTES } from '../wire/cloud-events.js';
import { Publisher } from './publisher.js';

const world = TallyWorld.ofEachTest();

const held = () => world.query('select key, state, reason from held_message order by id');

const refuse = (): never => {
  throw new Error('nobody can be told');
};

test.each([
  ['fails', refuse, 'nobody can be told'],
  ['is refused by the database', (parked: { readonly total: number }) => ({ ...parked, total: 5_000 }), 'check'],
] as const)('a message is held, and all others go on, when the notice that it waits %s', async (_how, park, why) => {
  const said: { readonly message: string }[] = [];
  const error = (message: string, details?: object) => void said.push({ message, ...details });
  await world.start({ poison: 2, tries: 1, park: park as never, log: { ...silent, error } });
  world.transport.deliver([wish('a', 2), wish('b', 1)]);
  world.transport.deliver([wish('c', 1)]);
  await eventually(async () => expect(await world.totals()).toEqual({ b: 1, c: 1 }));
  await eventually(async () => expect(await held()).toEqual([{ key: 'a', state: 'dead', reason: 'poisoned' }]));
  const untold = {
    message: 'Nobody could be told that a message failed and its key waits',
    name: 'OrderCancellationRequested',
    key: 'a',
    origin: 'orders/0/0',
    reason: expect.stringContaining(why),
    at: expect.any(Array),
  };
  await eventually(() => expect(said.filter(({ message }) => message.startsWith('Nobody'))).toEqual([untold]));
});

test('a message whose outcome cannot be written is held, and all others go on', async () => {
  await world.start({
    tries: 2,
    instead: (orderId, number, usual) =>
      number === 2 ? { save: [save(Tallies, { ...none(orderId), heard: [1n] as never })] } : usual,
  });
  world.transport.deliver([wish('a', 1)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 1 }));
  // With one that inserts a row, which is on its way when it is found that the other cannot be written.
  world.transport.deliver([wish('a', 2), wish('b', 1)]);
  world.transport.deliver([wish('c', 1)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 1, b: 1, c: 1 }));
  await eventually(async () =>
    expect(await held()).toEqual([{ key: 'a', state: 'dead', reason: expect.stringContaining('BigInt') }]),
  );
});

test('a message whose reaction says more than readers take is held, and all others go on', async () => {
  const available = Array.from({ length: 20_000 }, (_, n) => ({ location: `${'x'.repeat(58)}${n}`, quantity: 1 }));
  const lines = [{ lineId: '1', sku: 's', requested: 1, known: true, available }];
  await world.start({
    tries: 1,
    instead: (orderId, number, usual) =>
      number === 2 ? { ...usual, publish: [StockShort({ orderId, shipment: 1, lines })] } : usual,
  });
  world.transport.deliver([wish('a', 1), wish('big', 2), wish('a', 4)]);
  world.transport.deliver([wish('b', 8)]);
  await eventually(() => expect(world.transport.records.map(({ key }) => key)).toEqual(['a', 'a', 'b']));
  const reason = expect.stringMatching(`a StockShort of \\d+ bytes; at most ${MAX_BODY_BYTES} are read`);
  expect(await held()).toEqual([{ key: 'big', state: 'dead', reason }]);
  // Of its own there is the notice that it waits.
  expect(await world.totals()).toEqual({ a: 5, b: 8, big: 0 });
});

test('a request that is more than Postgres can index is told so, and all others go on', async () => {
  const service = await world.start();
  const idempotencyKey = randomBytes(20_000).toString('base64');
  const vain = service.pipeline.submit(Add, { orderId: 'a', amount: 1 }, { idempotencyKey });
  const rejected = expect(vain).rejects.toThrow('index row');
  world.transport.deliver([wish('b', 1)]);
  await rejected;
  await eventually(async () => expect(await world.totals()).toEqual({ b: 1 }));
});

test('an answer of the world that no message can say is none, and all others go on', async () => {
  let rings = 0;
  let isPoisoned = false;
  const service = await world.start({
    tries: 1,
    ring: () => {
      rings += 1;
      isPoisoned = true;
      return Promise.resolve({ ok: rings > 1 || (1n as never) });
    },
    onReaction: () => {
      if (isPoisoned) throw new Error('poisoned');
    },
  });
  await service.pipeline.submit(Add, { orderId: 'a', amount: 7 });
  await eventually(async () => expect(await held()).toEqual([{ key: 'a', state: 'dead', reason: 'poisoned' }]));
  expect(rings).toBe(2);
  isPoisoned = false;
  world.transport.deliver([wish('b', 1)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 7, b: 1 }));
});

test('an outcome of which one change cannot be made changes nothing', async () => {
  await world.start({
    tries: 2,
    instead: (_orderId, number, usual) =>
      number === 2 ? { save: [...(usual.save ?? []), save(Tallies, none('never asked for'))] } : usual,
  });
  world.transport.deliver([wish('a', 1), wish('a', 2), wish('b', 1)]);
  const reason = expect.stringContaining('without having asked to see it');
  await eventually(async () => expect(await held()).toEqual([{ key: 'a', state: 'dead', reason }]));
  expect(await world.totals()).toEqual({ a: 1, b: 1 });
});

test('a position whose row is gone is made anew, and what comes next is handled once', async () => {
  const service = await world.start();
  world.transport.deliver([wish('a', 1), wish('a', 2)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 3 }));
  // As in a database that is set back while the process runs.
  await world.query('delete from position');
  await world.query('delete from tally');
  world.transport.deliver([wish('a', 4)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 7 }));
  world.transport.deliver([wish('a', 8)]);
  await eventually(async () => expect(await world.totals()).toEqual({ a: 15 }));
  expect(service.plan.handled).toHaveLength(2 + 3 + 1);
});

test('who waits for room to commit is let go when everything stops', async () => {
  const away = { publish: () => new Promise<void>(() => undefined) } as unknown as MemoryTransport;
  const publisher = new Publisher({} as never, away, silent, () => true);
  publisher.enqueue(Array.from({ length: 100 }, (_, n) => ({ id: String(n), records: [] })));
  const stopping = new AbortController();
  let free = false;
  const room = publisher.room(stopping.signal).then(() => (free = true));
  await Promise.resolve();
  expect(free).toBe(false);
  stopping.abort();
  await room;
  expect(free).toBe(true);
});

test('a reaction that throws is in the log once at its first try and once at its last, with its key and where it was', async () => {
  const said: unknown[] = [];
  const say = (level: string) => (message: string, details?: object) => void said.push({ level, message, ...details });
  const log = { info: say('info'), warn: say('warn'), error: say('error') };
  await world.start({ poison: 2, tries: 3, log });
  world.transport.deliver([wish('a', 2), wish('b', 1)]);
  await eventually(async () => expect(await held()).toMatchObject([{ key: 'a', state: 'dead' }]));
  const of = {
    name: 'OrderCancellationRequested',
    key: 'a',
    origin: expect.stringContaining('orders/'),
    reason: 'poisoned',
  };
  const at = expect.arrayContaining([expect.stringContaining('tally')]);
  await eventually(() =>
    expect(said).toEqual([
      { level: 'warn', message: 'A message failed and is tried again', ...of, tries: 1, at },
      { level: 'error', message: 'A message failed for the last time and is a dead letter', ...of, tries: 3, at },
    ]),
  );
});
