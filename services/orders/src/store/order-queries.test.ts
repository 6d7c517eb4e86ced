import { messagingMigrations } from '@baton/messaging';
import { type FreshDatabase, freshDatabase, keepHouse } from '@baton/messaging/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { wishesDue } from '../commands.js';
import type { OrderRecord } from '../domain/order.js';
import { Conversation, order } from '../testing/orders.fixture.js';
import { orders } from '../orders.module.js';
import { UNCOUNT_DROPPED } from './archive.migration.js';
import { AnyOrderEntity, OrderEntity, Orders } from './order.entity.js';
import { acceptedStatuses, listSql, OrderQueries } from './order-queries.js';

let fresh: FreshDatabase;
let database: DataSource;
let queries: OrderQueries;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = await new DataSource({
    type: 'postgres',
    url: fresh.url,
    entities: [OrderEntity, AnyOrderEntity],
    migrations: [...messagingMigrations, ...orders.migrations],
  }).initialize();
  await database.runMigrations();
  queries = new OrderQueries(database);
});

afterAll(async () => {
  await database?.destroy();
  await fresh?.drop();
});

const insert = async (records: readonly OrderRecord[]): Promise<void> => {
  await database
    .getRepository(OrderEntity)
    .insert(records.map((record) => ({ ...record, outboxId: null, trace: null })));
};

const placed = (orderId: string, now: string): OrderRecord => {
  const shop = new Conversation();
  shop.submit(order({ orderId }), { now });
  if (!shop.record) throw new Error('nothing was placed');
  return shop.record;
};

describe('The orders in the database', () => {
  const minute = (n: number): string => new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString();

  it('come back as they were saved', async () => {
    const record = placed('read-back', minute(0));
    await insert([record]);
    const { outboxId, trace, takenBack, ...found } = (await queries.find('read-back')) as AnyOrderEntity;
    expect(found).toEqual(record);
    expect([outboxId, trace, takenBack]).toEqual([null, null, false]);
    expect(await queries.find('nobody')).toBeUndefined();
  });

  it('are listed newest first, page by page, none twice, those with one time by id', async () => {
    await insert(['a', 'b', 'c', 'd', 'e'].map((id, n) => placed(`page-${id}`, minute(1 + Math.floor(n / 2)))));
    const first = await queries.list({ limit: 3 });
    const { placedAt = '', orderId = '' } = first.at(-1) ?? {};
    const rest = await queries.list({ limit: 9, after: [placedAt, orderId] });
    expect([...first, ...rest].map(({ orderId }) => orderId)).toEqual([
      'page-e',
      'page-d',
      'page-c',
      'page-b',
      'page-a',
      'read-back',
    ]);
    expect(first[0]).toEqual({
      orderId: 'page-e',
      status: 'placed',
      statusSince: minute(3),
      placedAt: minute(3),
      lines: 2,
      units: 6,
    });
    expect(await queries.list({ limit: 9, status: 'completed' })).toEqual([]);
  });

  it('are listed by reading a page of an index of each status, whatever there is', async () => {
    const runner = database.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query(
        `create table many partition of orders_archive for values from ('2020-01-01') to ('2020-02-01')`,
      );
      const some = `select 'many-' || n, (array['completed', 'cancelled', 'delayed'])[n % 3 + 1], now(), now() - n * interval '1 s',
        '[]', '[]', '[]'`;
      const columns = 'order_id, status, status_since, placed_at, lines, wishes, shipments';
      await runner.query(`insert into orders (${columns}) ${some} from generate_series(1, 5000) n`);
      await runner.query(
        `insert into many (${columns}, archived_at) ${some}, '2020-01-02' from generate_series(5001, 20000) n`,
      );
      await runner.query('analyze orders, orders_archive');
      const after = [new Date().toISOString(), 'many-7'] as const;
      for (const place of [undefined, after]) {
        const rows: { 'QUERY PLAN': string }[] = await runner.query(
          `explain (analyze, timing off, summary off) ${listSql(place)}`,
          [50, acceptedStatuses, ...(place ?? [])],
        );
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan).not.toContain('Seq Scan');
        const read = [...plan.matchAll(/Index Scan .*actual rows=([\d.]+) loops=(\d+)/g)];
        expect(read.length).toBeGreaterThan(1);
        for (const [, count, loops] of read) expect(Number(count) * Number(loops)).toBeLessThanOrEqual(50 * 7 + 7);
      }
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  it('are counted as they come, change and go, without a look at them', async () => {
    const before = await queries.countByStatus();
    await insert(['x', 'y', 'z'].map((id) => placed(`count-${id}`, minute(9))));
    const shop = new Conversation();
    shop.wish('early', minute(9), 'count-stub');
    if (shop.record) await insert([shop.record]);
    await database.query(`
      insert into orders select * from orders where order_id in ('count-x', 'count-y')
      on conflict (order_id) do update set status = 'dispatched'`);
    await database.query(`delete from orders where order_id = 'count-y'`);
    const after = await queries.countByStatus();
    expect(after.placed - before.placed).toBe(1);
    expect(after.dispatched - before.dispatched).toBe(1);
    const counted: readonly { status: keyof typeof after; n: number }[] = await database.query(
      'select status, count(*)::int as n from orders where placed_at is not null group by status',
    );
    for (const { status, n } of counted) expect(after[status]).toBe(n);
  });

  it('are listed, found and counted as before when some of them are in the archive', async () => {
    const ended = ['i', 'j', 'k'].map((id, n) => ({
      ...placed(`old-${id}`, minute(20 + n)),
      status: 'completed' as const,
    }));
    await insert([...ended, placed('new-l', minute(30))]);
    const before = await queries.countByStatus();
    const listed = (await queries.list({ limit: 4 })).map(({ orderId }) => orderId);
    expect(listed).toEqual(['new-l', 'old-k', 'old-j', 'old-i']);

    const plan = { stores: [Orders], beforeDrop: { orders: UNCOUNT_DROPPED } };
    await keepHouse(database, plan);
    const [{ n }] = await database.query(`select count(*)::int as n from orders_archive where order_id like 'old-%'`);
    expect(n).toBe(3);

    expect(await queries.countByStatus()).toEqual(before);
    expect((await queries.list({ limit: 4 })).map(({ orderId }) => orderId)).toEqual(listed);
    expect(
      (await queries.list({ limit: 2, status: 'completed', after: [minute(22), 'old-k'] })).map(
        ({ orderId }) => orderId,
      ),
    ).toEqual(['old-j', 'old-i']);
    expect(await queries.find('old-j')).toMatchObject({ orderId: 'old-j', status: 'completed' });

    // What is dropped counts no more.
    await keepHouse(database, plan, new Date(Date.now() + 90 * 24 * 3_600_000));
    const after = await queries.countByStatus();
    expect(after.completed).toBe(before.completed - 3);
    expect(await queries.find('old-j')).toBeUndefined();
  });

  it('give up wishes whose order never came, once that is due', async () => {
    const query = (sql: string, params: readonly unknown[]) =>
      database.query<readonly Record<string, unknown>[]>(sql, [...params]);
    expect(await wishesDue.next(query, minute(9), 10)).toEqual([]);
    const later = { id: 'later', at: minute(99) };
    await query(`update orders set wishes = wishes || $1::jsonb where order_id = 'count-stub'`, [
      JSON.stringify(later),
    ]);
    const due = await wishesDue.next(query, new Date(Date.UTC(2026, 0, 8, 0, 9)).toISOString(), 10);
    expect(due.map(({ data }) => data)).toEqual([
      { orderId: 'count-stub', wishes: [{ id: 'early', at: minute(9), reason: 'ordered twice' }] },
    ]);
    expect(await wishesDue.next(query, new Date(Date.UTC(2026, 0, 8, 0, 9)).toISOString(), 10, due[0]?.place)).toEqual(
      [],
    );
  });

  it('let a record go that waits for no order any more, and not one that does', async () => {
    const shop = new Conversation();
    shop.wish('lonely', minute(9), 'waits');
    if (!shop.record) throw new Error('no wish was kept');
    await insert([shop.record, { ...shop.record, orderId: 'given-up', wishes: [], wishesExpireAt: null }]);
    await insert([placed('open', minute(9))]);
    await keepHouse(database, { stores: [Orders] });
    const left = await database.query(
      `select order_id from orders where order_id in ('waits', 'given-up', 'open') order by 1`,
    );
    expect(left).toEqual([{ order_id: 'open' }, { order_id: 'waits' }]);
  });
});
