import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  eventually,
  type FreshDatabase,
  freshDatabase,
  MemoryTransport,
  numbersFrom,
  PortCable,
} from '../testing/index.js';
import { Add, TallyService, totalsIn, versionsIn, wish } from '../testing/tally.js';

let database: FreshDatabase;
const services: TallyService[] = [];
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  database = await freshDatabase();
});
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()));
  for (const close of closers.splice(0)) await close();
  await database.drop();
});

const start = async (
  transport: MemoryTransport,
  options: Parameters<typeof TallyService.start>[2] = {},
  url = database.url,
): Promise<TallyService> => {
  const service = await TallyService.start({ ...database, url }, transport, options);
  services.push(service);
  return service;
};
const totals = () => totalsIn(database);
test.each([1, 2])(
  'messages of a key that fail again and again are handled in their order, by %i process',
  async (count) => {
    const random = numbersFrom(7);
    const fail = (): void => {
      if (random() < 0.5) throw new Error('not now');
    };
    const transport = new MemoryTransport();
    for (let n = 0; n < count; n += 1) {
      // Each reads other topics; what is held is anybody's.
      await start(n === 0 ? transport : new MemoryTransport(), { onReaction: fail, tries: 100_000 });
    }
    const keys = Array.from({ length: 60 }, (_, n) => `k${n}`);
    const numbers = Array.from({ length: 12 }, (_, n) => n + 1);
    for (const number of numbers) {
      transport.deliver(keys.map((key) => wish(key, number)));
      // The next ones find this one handled, or held.
      await eventually(async () => {
        const [row] = await database.query('select next_offset::int as at from position where topic = $1', ['orders']);
        expect(row?.at).toBe(number * keys.length);
      });
    }
    await eventually(
      async () => expect(await database.query('select 1 from held_message limit 1')).toEqual([]),
      60_000,
    );
    const heard = await database.query('select order_id, heard from tally');
    const orderOf = (ids: unknown): string => (ids as string[]).map((id) => id.split('/').at(-1)).join(' ');
    expect(Object.fromEntries(heard.map((row) => [row.order_id, orderOf(row.heard)]))).toEqual(
      Object.fromEntries(keys.map((key) => [key, numbers.join(' ')])),
    );
  },
  90_000,
);

test('a commit whose answer is lost keeps its place among the events of its key', async () => {
  const cable = await PortCable.to(database.url);
  closers.push(() => cable.close());
  const transport = new MemoryTransport();
  await start(transport, {}, cable.url);
  transport.deliver([wish('a', 1)]);
  await eventually(() => expect(versionsIn(transport)).toEqual([1]));
  await eventually(async () => expect(await database.query('select 1 from outbox')).toEqual([]));
  const lost = cable.loseAnswerTo('commit');
  transport.deliver([wish('a', 2)]);
  await eventually(async () => expect(await totals()).toEqual({ a: 3 }));
  await lost;
  transport.deliver([wish('a', 4)]);
  await eventually(() => expect(versionsIn(transport)).toContain(3), 20_000);
  await eventually(() => expect(versionsIn(transport)).toContain(2), 20_000);
  expect(versionsIn(transport)).toEqual([1, 2, 3]);
});

test('what two processes have left, one after the other, is published in its order by a third that goes on', async () => {
  const stuck = (): Promise<void> => new Promise(() => undefined);
  const transports = [new MemoryTransport(), new MemoryTransport(), new MemoryTransport()] as const;
  const [first, second, third] = transports;
  const last = await start(third);
  const dying = [await TallyService.start(database, first), await TallyService.start(database, second)];
  first.beforePublish = stuck;
  second.beforePublish = stuck;
  for (const [n, service] of dying.entries()) await service.pipeline.submit(Add, { orderId: 'a', amount: n + 1 });
  await last.pipeline.submit(Add, { orderId: 'a', amount: 4 });
  await eventually(() => expect(versionsIn(third)).toEqual(expect.arrayContaining([1, 2, 3])), 20_000);
  expect([...new Set(versionsIn(third))]).toEqual([1, 2, 3]);
  for (const service of dying) void service.pipeline.stop();
});

test('what another process has left is published once, however many of its orders a process goes on with', async () => {
  const [first, second] = [new MemoryTransport(), new MemoryTransport()];
  const last = await start(second);
  const dying = await TallyService.start(database, first);
  first.beforePublish = () => new Promise(() => undefined);
  await last.pipeline.submit(Add, { orderId: 'own', amount: 1 });
  for (const orderId of ['a', 'b']) await dying.pipeline.submit(Add, { orderId, amount: 1 });
  for (const orderId of ['b', 'a']) await last.pipeline.submit(Add, { orderId, amount: 1 });
  await eventually(() => expect(second.records).toHaveLength(5));
  expect(second.records.map(({ key }) => key)).toEqual(['own', 'a', 'b', 'b', 'a']);
  void dying.pipeline.stop();
});
