import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '../testing/index.js';
import { Due, silent, TallyService, wish } from '../testing/tally.js';
import { LocalTransport, partitionOf } from '../transport/index.js';
import type { Consumer, IncomingRecord, Subscription, Transport } from '../transport/port.js';
import { topic } from '../transport/testing/member.js';
import type { DueSource } from './pipeline.js';

const PARTITIONS = 2;

let database: FreshDatabase;
const services: TallyService[] = [];
const transports: Transport[] = [];

beforeEach(async () => {
  database = await freshDatabase();
});

afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()));
  await Promise.all(transports.splice(0).map((transport) => transport.close()));
  await database.drop();
});

const start = async (transport: Transport, ...dueSources: DueSource[]): Promise<TallyService> => {
  const service = await TallyService.start(database, transport, { dueSources });
  services.push(service);
  return service;
};

/** One process of two, in a group whose partitions a test deals out; what there is to read comes when it says so. */
class OneOfTwo implements Transport {
  private subscription: Subscription | undefined;

  constructor(
    private readonly partition: number,
    private readonly backlog: readonly IncomingRecord[] = [],
  ) {}

  async subscribe(subscription: Subscription): Promise<Consumer> {
    this.subscription = subscription;
    await this.assign(this.partition);
    const done = () => Promise.resolve();
    return { commit: done, seek: () => undefined, lag: () => Promise.resolve([]), healthy: true, stop: done };
  }

  async assign(partition: number, offset = BigInt(this.backlog.length)): Promise<void> {
    const end = { topic: 'orders', partition, first: 0n, offset, partitions: PARTITIONS };
    await this.subscription?.onAssigned([end]);
  }

  revoke(partition: number): void {
    this.subscription?.onRevoked([{ topic: 'orders', partition }]);
  }

  async deliver(): Promise<void> {
    await this.subscription?.onRecords(this.backlog);
  }

  pass(partition: number, offset: bigint): void {
    this.subscription?.onPassed?.({ topic: 'orders', partition, offset });
  }

  readonly ensureTopics = () => Promise.resolve();
  readonly publish = () => Promise.resolve();
  readonly close = () => Promise.resolve();
}

/** Orders that are due until their deadlines were handled, for whoever looks; counts the looks. */
const dueUntilHandled = (...orders: string[]) => {
  const source = {
    name: 'dues',
    pollMs: 5,
    orders,
    looks: 0,
    next: async (query: Parameters<DueSource['next']>[0]) => {
      source.looks += 1;
      const rows = await query(`select order_id from tally where heard::text like '%dues/%'`, []);
      const handled = new Set(rows.map(({ order_id: orderId }) => orderId));
      const due = source.orders.filter((orderId) => !handled.has(orderId));
      return due.map((orderId) => ({ command: Due, data: { orderId }, place: [orderId] }));
    },
  };
  return source;
};

/** What was found in a look that began after this is handled when it resolves. */
const lookedTwice = (source: { readonly looks: number }) => {
  const { looks } = source;
  return eventually(() => source.looks >= looks + 2);
};

const written = (orderId: string, partition: number): IncomingRecord => {
  const { topic, key, headers, value } = wish(orderId, 1);
  return { topic, partition, offset: 0n, timestamp: Date.UTC(2026, 0, 1), key, headers, value };
};

test('deadlines wait until the consumer has reached the end that it saw when it was assigned', async () => {
  const transport = new MemoryTransport();
  transport.deliver(Array.from({ length: 50 }, (_, index) => wish('a', (index % 9) + 1)));
  const looks: number[] = [];
  const service = await start(transport, {
    name: 'dues',
    pollMs: 5,
    next: async (query) => {
      const rows = await query(`select total from tally where order_id = 'a'`, []);
      looks.push(Number(rows[0]?.total ?? 0));
      return looks.length === 1 ? [{ command: Due, data: { orderId: 'a' }, place: ['a'] }] : [];
    },
  });
  await eventually(() => service.plan.handled.includes('due a'));
  expect(looks[0]).toBe(240);
  expect(service.plan.handled.indexOf('due a')).toBe(50);
});

test('what is removed by its retention before it is read is told, and what is left is handled', async () => {
  const said: unknown[] = [];
  const log = { ...silent, warn: (message: string, details?: object) => void said.push({ message, ...details }) };
  const transport = await LocalTransport.connect({ url: database.url });
  transports.push(transport);
  await transport.ensureTopics(['orders', 'stock', 'fulfilment'].map((name) => topic(name, 1)));
  const removed = () => database.query(`delete from transport.chunks where topic = 'orders'`);
  const standing = async () =>
    (await database.query(`select next_offset::int as at from position where topic = 'orders'`))[0];
  await transport.publish([wish('gone', 1)]);
  // Who never read anything has nothing to miss.
  await removed();
  const first = await TallyService.start(database, transport, { log });
  await transport.publish([wish('a', 1)]);
  await eventually(async () => expect(await standing()).toEqual({ at: 2 }));
  await first.stop();
  expect(said).toEqual([]);

  await transport.publish([wish('a', 2), wish('a', 3)]);
  await removed();
  await transport.publish([wish('a', 4)]);
  const second = await TallyService.start(database, transport, { log });
  services.push(second);
  await eventually(() => second.plan.handled.length === 1);
  expect(said).toEqual([{ message: expect.stringMatching(/before it was read/), partitions: ['orders/0@2..4'] }]);
});

test('deadlines do not wait for what is past its retention', async () => {
  const transport = await LocalTransport.connect({ url: database.url });
  transports.push(transport);
  await transport.ensureTopics(['orders', 'stock'].map((name) => topic(name, 1)));
  await transport.publish([wish('b', 1), wish('b', 2)]);
  await database.query('delete from transport.chunks');
  const service = await start(transport, dueUntilHandled('a'));
  await eventually(() => service.plan.handled.includes('due a'));
});

test('deadlines do not wait for what is nothing to deliver', async () => {
  const partition = partitionOf('a', PARTITIONS);
  const transport = new OneOfTwo(partition, [written('a', partition)]);
  const service = await start(transport, dueUntilHandled('a'));
  // Behind the record there are the marks of two transactions.
  transport.revoke(partition);
  await transport.assign(partition, 3n);
  await transport.deliver();
  await eventually(() => service.plan.handled.length === 1);
  expect(service.pipeline.caughtUp).toBe(false);
  transport.pass(partition, 3n);
  await eventually(() => service.plan.handled.includes('due a'));
  const standing = () => database.query(`select next_offset::int as at from position where topic = 'orders'`);
  await eventually(async () => expect(await standing()).toEqual([{ at: 3 }]));
});

test('a deadline waits for the process that hears its order to catch up, whichever other one finds it', async () => {
  const partition = partitionOf('a', PARTITIONS);
  const backlog = new OneOfTwo(partition, [written('a', partition)]);
  const [aheadLooks, behindLooks] = [dueUntilHandled('a'), dueUntilHandled('a')];
  const behind = await start(backlog, behindLooks);
  const ahead = await start(new OneOfTwo(1 - partition), aheadLooks);
  expect([ahead.pipeline.caughtUp, behind.pipeline.caughtUp]).toEqual([true, false]);
  await lookedTwice(aheadLooks);
  expect(ahead.plan.handled).toEqual([]);
  await backlog.deliver();
  await eventually(() => behind.plan.handled.includes('due a'));
  expect(behind.plan.handled).toEqual(['a/0/OrderCancellationRequested/1/1', 'due a']);
  expect(ahead.plan.handled).toEqual([]);
});

test('who has lost the partition of an order leaves its deadline to the next one', async () => {
  const partition = partitionOf('a', PARTITIONS);
  const transport = new OneOfTwo(1 - partition);
  const source = dueUntilHandled('a');
  const service = await start(transport, source);
  await lookedTwice(source);
  expect(service.plan.handled).toEqual([]);
  await transport.assign(partition);
  await eventually(() => service.plan.handled.includes('due a'));
  transport.revoke(partition);
  const another = ['b', 'c', 'd', 'e', 'f', 'g'].find((key) => partitionOf(key, PARTITIONS) === partition) ?? '';
  source.orders.push(another);
  await lookedTwice(source);
  transport.revoke(1 - partition);
  expect(service.pipeline.caughtUp).toBe(false);
  expect(service.plan.handled).toEqual(['due a']);
});

test('a partition that is taken away while it is asked where it begins holds up no deadline', async () => {
  const partition = partitionOf('a', PARTITIONS);
  const transport = new OneOfTwo(partition, [written('a', partition)]);
  const service = await start(transport, dueUntilHandled('a'));
  const blocker = new pg.Client(database.url);
  await blocker.connect();
  try {
    await blocker.query('begin; lock table position in access exclusive mode');
    const asked = transport.assign(1 - partition);
    await eventually(async () => {
      const { rows } = await blocker.query(
        `select 1 from pg_locks where not granted and relation = 'position'::regclass`,
      );
      expect(rows).toHaveLength(1);
    });
    transport.revoke(1 - partition);
    await blocker.query('rollback');
    await asked;
  } finally {
    await blocker.end();
  }
  await transport.deliver();
  await eventually(() => service.plan.handled.includes('due a'));
});

test('processes that share a group fire every deadline between them, each once, and whoever is left fires all', async () => {
  await database.query('create table due (order_id text primary key)');
  const fall = (prefix: string) =>
    database.query(`insert into due select $1 || n from generate_series(1, 40) n`, [prefix]);
  const next: DueSource['next'] = async (query, _now, limit, [after] = ['']) => {
    const rows = await query(
      `select order_id from due d where order_id > $1
       and not exists (select from tally t where t.order_id = d.order_id) order by order_id limit $2`,
      [after, limit],
    );
    return rows.map(({ order_id: orderId }) => ({ command: Due, data: { orderId }, place: [orderId] }));
  };
  const join = async (): Promise<TallyService> => {
    const transport = await LocalTransport.connect({ url: database.url, heartbeatMs: 50 });
    transports.push(transport);
    await transport.ensureTopics(['orders', 'stock', 'fulfilment'].map((name) => topic(name)));
    const service = await start(transport, { name: 'dues', pollMs: 5, next });
    await eventually(() => service.pipeline.caughtUp);
    return service;
  };
  const [first, second] = [await join(), await join()];
  // Who holds something now holds what the first one has given up.
  await fall('a');
  const all = () => [...first.plan.handled, ...second.plan.handled].toSorted();
  await eventually(() => expect(new Set(all()).size).toBe(40));
  expect(all()).toHaveLength(40);
  expect(Math.min(first.plan.handled.length, second.plan.handled.length)).toBeGreaterThan(0);

  await second.stop();
  services.splice(services.indexOf(second), 1);
  await fall('b');
  await eventually(() => expect(first.plan.handled.filter((name) => name.startsWith('due b'))).toHaveLength(40));
});
