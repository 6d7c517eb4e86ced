import { OrderCancellationRequested, OrderRejected, StockReplenished } from '@baton/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '../testing/index.js';
import { encode } from '../wire/cloud-events.js';
import { Add, TallyService, totalsIn, versionsIn, wish } from '../testing/tally.js';

let database: FreshDatabase;
let transport: MemoryTransport;
const services: TallyService[] = [];

beforeEach(async () => {
  database = await freshDatabase();
  transport = new MemoryTransport();
});

afterEach(async () => {
  transport.beforePublish = () => Promise.resolve();
  await Promise.all(services.splice(0).map((service) => service.stop()));
  await database.drop();
});

const start = async (options: Parameters<typeof TallyService.start>[2] = {}): Promise<TallyService> => {
  const service = await TallyService.start(database, transport, options);
  services.push(service);
  return service;
};

const totals = () => totalsIn(database);
const count = async (table: string): Promise<number> =>
  Number((await database.query(`select count(*) as n from ${table}`))[0]?.n);
const publishedKeys = () => transport.records.map(({ headers }) => headers.ce_id);

test('messages at hand are handled in one unit of work, each seeing what the one before changed', async () => {
  const service = await start();
  transport.deliver([wish('a', 1), wish('b', 2), wish('a', 3)]);
  await eventually(async () => expect(await totals()).toEqual({ a: 4, b: 2 }));
  await eventually(() => expect(transport.records).toHaveLength(3));
  expect(transport.records.map(({ key }) => key)).toEqual(['a', 'b', 'a']);
  expect(service.plan.handled).toHaveLength(3);
  const units = await database.query('select distinct outbox_id from tally');
  expect(units).toHaveLength(1);
  // Published rows are removed even when nothing follows.
  await eventually(async () => expect(await count('outbox')).toBe(0));
});

test('a topic that is delivered again changes nothing', async () => {
  await start();
  transport.deliver([wish('a', 1), wish('a', 2)]);
  await eventually(async () => expect(await totals()).toEqual({ a: 3 }));
  transport.repeat('orders');
  transport.deliver([wish('a', 4)]);
  await eventually(async () => expect(await totals()).toEqual({ a: 7 }));
  expect(transport.records).toHaveLength(3);
});

test('records that nobody reacts to are moved over, alone and among others, and hold up nothing', async () => {
  const rejected = (n: number) =>
    encode(OrderRejected({ orderId: `x${n}`, reason: 'order-id-reused', detail: 'x' }), '2026-01-01T00:00:00.000Z', {});
  const position = async () =>
    (await database.query(`select next_offset::int as at from position where topic = 'orders'`))[0]?.at;
  transport.deliver([rejected(1), rejected(2)]);
  const service = await start();
  // What was there at the start is reached without a unit of work, so that deadlines need not wait for one.
  await eventually(() => service.pipeline.caughtUp);
  await eventually(async () => expect(await position()).toBe(2));
  transport.deliver([rejected(3), rejected(4), rejected(5)]);
  await eventually(async () => expect(await position()).toBe(5));
  transport.deliver([rejected(6), wish('a', 1), rejected(7)]);
  await eventually(async () => expect(await totals()).toEqual({ a: 1 }));
  await eventually(async () => expect(await position()).toBe(8));
  transport.repeat('orders');
  transport.deliver([wish('a', 2)]);
  await eventually(async () => expect(await totals()).toEqual({ a: 3 }));
});

test('a message that fails is tried again alone; its order waits, others go on, and then all goes in order', async () => {
  const service = await start({ poison: 2, tries: 1_000 });
  transport.deliver([wish('a', 1), wish('a', 2), wish('b', 5), wish('a', 4)]);
  await eventually(async () => expect(await totals()).toEqual({ a: 1, b: 5 }));
  await eventually(() => service.plan.handled.filter((id) => id.endsWith('/2')).length > 3);
  expect(await database.query('select state, key from held_message order by id')).toEqual([
    { state: 'retrying', key: 'a' },
    { state: 'parked', key: 'a' },
  ]);
  service.plan.poison = undefined;
  await eventually(async () => expect(await totals()).toEqual({ a: 7, b: 5 }));
  const [row] = await database.query(`select heard, parked from tally where order_id = 'a'`);
  expect(row).toEqual({ heard: [1, 2, 4].map((n) => `a/0/OrderCancellationRequested/1/${n}`), parked: 1 });
  expect(await count('held_message')).toBe(0);
});

test('after the last try a message is a dead letter with its reason, and its order waits for an operator', async () => {
  const service = await start({ poison: 2 });
  transport.deliver([wish('a', 2), wish('a', 3), wish('b', 1)]);
  await eventually(async () =>
    expect(await database.query('select state, reason, tries, origin from held_message order by id')).toEqual([
      { state: 'dead', reason: 'poisoned', tries: 3, origin: 'orders/0/0' },
      expect.objectContaining({ state: 'parked' }),
    ]),
  );
  expect(await totals()).toEqual({ a: 0, b: 1 });
  service.plan.poison = undefined;
  await database.query(`update held_message set state = 'retrying', tries = 0, next_at = now() where state = 'dead'`);
  await eventually(async () => expect(await totals()).toEqual({ a: 5, b: 1 }));
});

test('what is no event becomes a dead letter with the reason, and holds up nothing', async () => {
  await start();
  const good = wish('a', 1);
  const { ce_type: _type, ...untyped } = good.headers;
  transport.deliver([
    { ...good, value: Buffer.from('{"orderId":') },
    { ...good, value: Buffer.from('{"orderId":"a","wish":0}') },
    { ...good, headers: { ...good.headers, ce_type: 'baton.orders.OrderCancellationRequested.v9' } },
    { ...good, headers: { ...good.headers, ce_type: 'baton.orders.OrderForgotten.v1' } },
    { ...good, headers: untyped },
    { ...good, key: 'b' },
    { ...good, key: undefined },
    { ...good, value: Buffer.alloc(10_000_000, 32) },
    { ...good, value: Buffer.from('{"orderId":"a\\u0000","wish":1}') },
    good,
  ]);
  await eventually(async () => expect(await totals()).toEqual({ a: 1 }));
  const reasons = (await database.query('select reason from held_message order by id')).map(({ reason }) => reason);
  expect(reasons).toEqual([
    expect.stringContaining('is not JSON'),
    expect.stringContaining('wish'),
    expect.stringContaining('is a version that this service does not know'),
    expect.stringContaining('No contract declares'),
    expect.stringContaining('ce_type is missing'),
    expect.stringContaining('disagree'),
    expect.stringContaining('has no key'),
    expect.stringContaining('10000000 bytes'),
    expect.stringContaining('orderId'),
  ]);
});

test('a row that the database refuses is held alone, and the rest of its batch is saved', async () => {
  await start({ tries: 1 });
  // A total of 1,000 or more breaks the table's check.
  transport.deliver([wish('a', 1), wish('big', 5_000), wish('b', 2), wish('c', 3)]);
  await eventually(async () => expect(await totals()).toMatchObject({ a: 1, b: 2, c: 3 }));
  expect(await database.query('select key, state from held_message')).toEqual([{ key: 'big', state: 'dead' }]);
});

test('a connection that breaks is waited out, and nothing becomes a dead letter', async () => {
  let cuts = 3;
  const service = await start({
    onReaction: () => {
      if (cuts-- > 0) void database.cutConnections();
    },
  });
  for (let number = 1; number <= 40; number += 1) transport.deliver([wish(`o${number % 4}`, number)]);
  await eventually(async () => expect(Object.values(await totals()).reduce((a, b) => a + b, 0)).toBe(820));
  expect(await count('held_message')).toBe(0);
  await eventually(() => expect(new Set(publishedKeys()).size).toBe(40));
  expect(service.plan.handled.length).toBeGreaterThanOrEqual(40);
});

test('events whose publisher died are published by the next process, once it starts', async () => {
  transport.beforePublish = () => new Promise(() => undefined);
  const dead = await TallyService.start(database, transport);
  transport.deliver([wish('a', 1), wish('a', 2)]);
  await eventually(async () => expect(await totals()).toEqual({ a: 3 }));
  expect(transport.records).toHaveLength(0);
  const heir = new MemoryTransport();
  const next = await TallyService.start(database, heir);
  await eventually(() => expect(heir.records.map(({ key }) => key)).toEqual(['a', 'a']));
  await next.stop();
  transport.beforePublish = () => Promise.resolve();
  void dead.pipeline.stop();
});

test('whoever goes on with a key publishes the events of its key that a crash left, first', async () => {
  transport.beforePublish = () => new Promise(() => undefined);
  const dead = await TallyService.start(database, transport);
  await dead.pipeline.submit(Add, { orderId: 'a', amount: 1 });
  const heir = new MemoryTransport();
  // The relay finds nothing at its start, so that only the row's own mark can tell.
  const next = await TallyService.start({ ...database, url: database.url }, heir);
  await next.pipeline.submit(Add, { orderId: 'a', amount: 2 });
  await eventually(() => expect(heir.records.length).toBeGreaterThanOrEqual(2));
  const versions = versionsIn(heir);
  expect(versions.indexOf(1)).toBeLessThan(versions.indexOf(2));
  await next.stop();
  void dead.pipeline.stop();
});

test('publishing is tried again until it succeeds, in order', async () => {
  await start();
  let failures = 3;
  transport.beforePublish = () => (failures-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve());
  transport.deliver([wish('a', 1)]);
  transport.deliver([wish('a', 2), wish('a', 3)]);
  await eventually(() => expect(transport.records).toHaveLength(3));
  const versions = versionsIn(transport);
  expect(versions).toEqual([1, 2, 3]);
});

test('a command under a key that was used is answered again, and refused with another body', async () => {
  const { pipeline } = await start();
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
  expect(await totals()).toEqual({ a: 5, b: 1 });
});

test('a command that is refused or fails leaves no trace, and the others in its batch are answered', async () => {
  const { pipeline } = await start();
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
  expect(await totals()).toEqual({ a: 3 });
  expect(await count('held_message')).toBe(0);
});

test('an effect is performed after the commit, again under its key while there is no answer, and counts once', async () => {
  const calls: { key: string; attempt: number; saved: boolean }[] = [];
  const { pipeline } = await start({
    ring: async ({ key, attempt }) => {
      calls.push({ key, attempt, saved: (await totals()).a === 7 });
      if (attempt < 3) throw new Error('no answer');
      return { ok: true };
    },
  });
  await pipeline.submit(Add, { orderId: 'a', amount: 7 });
  await eventually(async () => expect((await database.query('select rang from tally'))[0]).toEqual({ rang: 1 }));
  expect(calls).toEqual([1, 2, 3].map((attempt) => ({ key: 'ring/a', attempt, saved: true })));
  expect(await count('effect')).toBe(0);
  expect(await count('effect_batch')).toBe(0);
});

test('an effect whose process died is performed by another one, under the same key', async () => {
  const keys: string[] = [];
  const { pipeline } = await start({
    ring: async ({ key }) => {
      keys.push(key);
      return { ok: true };
    },
  });
  await pipeline.submit(Add, { orderId: 'a', amount: 1 });
  await database.query(
    `insert into effect (kind, key, payload, owner, due_at)
     values ('Ring', 'ring/a', '{"orderId": "a"}', 'shows no sign of life', now())`,
  );
  await eventually(async () => expect((await database.query('select rang from tally'))[0]).toEqual({ rang: 1 }));
  expect(keys).toEqual(['ring/a']);
});

test('two processes that meet the same new row in different topics lose nothing', async () => {
  const other = new MemoryTransport();
  await start();
  const second = await TallyService.start(database, other);
  const replenish = (sku: string, quantity: number) =>
    encode(
      StockReplenished({ sku, location: 'W', onHand: 1, reserved: 0, quantity }, quantity),
      '2026-01-01T00:00:00Z',
      {},
    );
  for (let round = 0; round < 30; round += 1) {
    transport.deliver([wish(`k${round}`, 1)]);
    other.deliver([replenish(`k${round}`, 2)]);
  }
  await eventually(async () => expect(Object.values(await totals())).toEqual(Array.from({ length: 30 }, () => 3)));
  expect(await count('held_message')).toBe(0);
  await second.stop();
});

test('a database that was set back to an earlier moment is caught up from its own positions', async () => {
  await start();
  transport.deliver([wish('a', 1), wish('a', 2), wish('a', 4)]);
  await eventually(async () => expect(await totals()).toEqual({ a: 7 }));
  await database.query(`update tally set total = 1; update position set next_offset = 1`);
  transport.deliver([wish('a', 8)]);
  await eventually(async () => expect(await totals()).toEqual({ a: 15 }));
});

/** Wishes wait for company; a command waits for nobody, and takes along the wishes of its order. */
const wishesMayWait = { patient: [OrderCancellationRequested], patientMs: 60_000 };
const standing = async () =>
  (await database.query(`select next_offset::int as at, ahead from position where topic = 'orders'`))[0];

test('a message that waits for nobody goes ahead with those of its key, and the others lose nothing', async () => {
  const service = await start({ gathering: wishesMayWait });
  transport.deliver([wish('a', 1), wish('b', 2), wish('a', 3), wish('b', 4)]);
  await service.pipeline.submit(Add, { orderId: 'b', amount: 10 });
  expect(await totals()).toEqual({ b: 16 });
  expect(await standing()).toEqual({ at: 0, ahead: expect.any(String) as string });
  // What went ahead is known when everything comes again, here or with another process.
  transport.repeat('orders');
  const second = await start({ gathering: wishesMayWait });
  await second.pipeline.submit(Add, { orderId: 'b', amount: 100 });
  expect(await totals()).toEqual({ b: 116 });
  await second.pipeline.submit(Add, { orderId: 'a', amount: 20 });
  expect(await totals()).toEqual({ a: 24, b: 116 });
  // The first process has the wishes of `a` still; a stop handles what is at hand.
  await service.stop();
  services.splice(services.indexOf(service), 1);
  expect(await totals()).toEqual({ a: 24, b: 116 });
  expect(await standing()).toEqual({ at: 4, ahead: null });
});

test('a message that an outcome awaits is handled at once, the others wait on', async () => {
  const service = await start({ gathering: wishesMayWait });
  await service.pipeline.submit(Add, { orderId: 'b', amount: 9 });
  transport.deliver([wish('a', 1), wish('b', 2)]);
  await eventually(async () => expect(await totals()).toEqual({ b: 11 }));
});

test('a message that the database refuses does not take the position past one that waits', async () => {
  const service = await start({ gathering: wishesMayWait });
  transport.deliver([wish('b', 1), wish('a', 1), wish('b', 5_000), wish('b', 2)]);
  await service.pipeline.submit(Add, { orderId: 'b', amount: 10 });
  await eventually(async () => expect(await count('held_message')).toBe(2));
  expect(await standing()).toMatchObject({ at: 1 });
  await service.stop();
  services.splice(services.indexOf(service), 1);
  expect(await totals()).toEqual({ a: 1, b: 11 });
  expect(await standing()).toEqual({ at: 4, ahead: null });
});

test('a stop finishes and publishes what is at hand, and the next start goes on', async () => {
  const service = await TallyService.start(database, transport);
  transport.deliver(Array.from({ length: 200 }, (_, index) => wish(`o${index % 10}`, 1)));
  await service.stop();
  const before = Object.values(await totals()).reduce((a, b) => a + b, 0);
  expect(transport.records).toHaveLength(before);
  expect(await count('outbox')).toBe(0);
  await start();
  await eventually(async () => expect(Object.values(await totals()).reduce((a, b) => a + b, 0)).toBe(200));
});
