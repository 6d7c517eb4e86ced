import { type FreshDatabase, freshDatabase } from '@baton/messaging/testing';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reservation } from '../domain/reservation.js';
import { newReservation } from '../domain/reservation.js';
import type { Stock } from '../domain/stock.js';
import { lines } from '../testing/messages.js';
import { Inventory1700000001000 } from './migrations/1-inventory.js';
import { Queue1764000003000 } from './migrations/2-queue.js';
import { Archive1764000004000 } from './migrations/3-archive.js';
import { InventoryReads, NAMED_RESERVATIONS } from './reads.js';
import { allSkus, AnyReservationEntity, connectedBackorders, ReservationEntity } from './reservations.js';
import { connectedStock, QueueLockEntity, StockEntity } from './stock.js';

let fresh: FreshDatabase;
let database: DataSource;
let reads: InventoryReads;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = await new DataSource({
    type: 'postgres',
    url: fresh.url,
    entities: [StockEntity, ReservationEntity, AnyReservationEntity, QueueLockEntity],
    migrations: [Inventory1700000001000, Queue1764000003000, Archive1764000004000],
  }).initialize();
  await database.runMigrations();
  reads = new InventoryReads(database);
});

afterAll(async () => {
  await database?.destroy();
  await fresh?.drop();
});

const insertStock = (sku: string, levels: unknown, waiting: unknown = 0): Promise<unknown> =>
  database.query('insert into stock (sku, levels, waiting) values ($1, $2, $3)', [
    sku,
    JSON.stringify(levels),
    waiting,
  ]);

const insert = (row: Reservation): Promise<unknown> =>
  database.getRepository(ReservationEntity).insert({ ...row, outboxId: null });

const waiting = (orderId: string, minute: number, ...wanted: readonly string[]): Reservation => ({
  ...newReservation({ orderId, shipment: 2, lines: lines(...wanted) }, 'waiting'),
  placedAt: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
  deadline: '2026-02-01T00:00:00.000Z',
});

describe('The_stock_table', () => {
  it.each([
    ['reserved above on hand', [{ location: 'East', onHand: 1, reserved: 2 }]],
    ['less than nothing on hand', [{ location: 'East', onHand: -1, reserved: -1 }]],
    ['less than nothing reserved', [{ location: 'East', onHand: 1, reserved: -1 }]],
    ['more than can be kept', [{ location: 'East', onHand: 1_000_000_001, reserved: 0 }]],
    ['half a unit', [{ location: 'East', onHand: 1.5, reserved: 0 }]],
    ['half a reservation', [{ location: 'East', onHand: 2, reserved: 0.5 }]],
    ['text for a number', [{ location: 'East', onHand: '1', reserved: 0 }]],
    ['a level without reserved', [{ location: 'East', onHand: 1 }]],
    ['a level without a location', [{ onHand: 1, reserved: 0 }]],
    [
      'a good level before a bad one',
      [
        { location: 'East', onHand: 1, reserved: 0 },
        { location: 'West', onHand: 1, reserved: 2 },
      ],
    ],
    ['a number for a level', [3]],
    ['an object for levels', { East: 3 }],
  ])('refuses %s, whoever writes', async (_, levels) => {
    await expect(insertStock('bad', levels)).rejects.toMatchObject({ code: '23514' });
  });

  it.each([-1, 0.5])('refuses %s units that wait', async (units) => {
    await expect(insertStock('bad', [], units)).rejects.toMatchObject({ code: '23514' });
  });
});

describe('What_is_read', () => {
  const skus = async (page: Parameters<InventoryReads['listStock']>[0]): Promise<readonly string[]> =>
    (await reads.listStock(page)).map(({ sku }: Stock) => sku);

  beforeAll(async () => {
    await insertStock('a-ink', [
      { location: 'East', onHand: 3, reserved: 2 },
      { location: 'West', onHand: 1, reserved: 0 },
    ]);
    await insertStock('a-pen', [{ location: 'East', onHand: 2, reserved: 2 }], 5);
    await insertStock('b-pad', [], 3_000_000_000);
    await insert({
      ...newReservation({ orderId: 'o1', shipment: 1, lines: lines('a-ink:2', 'a-pen:1', 'a-pen:1') }, 'reserved'),
      location: 'East',
    });
    await insert(waiting('o1', 3, 'a-pen:2'));
    await insert(waiting('o2', 1, 'a-pen:3'));
    await insert({ ...waiting('o3', 2, 'a-pen:9'), state: 'released' });
  });

  it('is a page of stock, by SKU, of those with a prefix, or of those that run low', async () => {
    expect(await reads.findStock('a-ink')).toEqual({
      sku: 'a-ink',
      name: null,
      waiting: 0,
      levels: [
        { location: 'East', onHand: 3, reserved: 2 },
        { location: 'West', onHand: 1, reserved: 0 },
      ],
    });
    expect(await reads.findStock('nothing')).toBeUndefined();
    expect(await skus({ limit: 2 })).toEqual(['a-ink', 'a-pen']);
    expect(await skus({ limit: 2, after: 'a-pen' })).toEqual(['b-pad']);
    expect(await skus({ limit: 9, prefix: 'b' })).toEqual(['b-pad']);
    expect(await skus({ limit: 9, prefix: '%' })).toEqual([]);
    expect(await skus({ limit: 9, low: 1 })).toEqual(['a-pen', 'b-pad']);
    expect(await skus({ limit: 9, low: 2 })).toEqual(['a-ink', 'a-pen', 'b-pad']);
  });

  it('is what became of the shipments of an order', async () => {
    expect((await reads.listReservations('o1', 0, 9)).map(({ shipment, state }) => [shipment, state])).toEqual([
      [1, 'reserved'],
      [2, 'waiting'],
    ]);
    expect(await reads.listReservations('o1', 1, 9)).toHaveLength(1);
    const [read] = await reads.listReservations('o2', 0, 9);
    expect(read).toEqual({ ...waiting('o2', 1, 'a-pen:3'), outboxId: null, trace: null, takenBack: false });
  });

  it('is for whom a SKU is reserved at a location, so many as there are units, and no more than are named', async () => {
    const held = async (...orders: readonly string[]) => {
      for (const orderId of orders) {
        const reserved = newReservation(
          { orderId, shipment: 1, lines: lines('h-ink:1', 'b-pad:9', 'h-ink:2') },
          'reserved',
        );
        await insert({ ...reserved, location: 'East' });
      }
    };
    await held('h2', 'h1');
    await insert({
      ...newReservation({ orderId: 'h3', shipment: 1, lines: lines('h-ink:1') }, 'reserved'),
      location: 'West',
    });
    await insert({
      ...newReservation({ orderId: 'h4', shipment: 1, lines: lines('h-ink:1') }, 'settled'),
      location: 'East',
    });
    expect(await reads.reservedAt('h-ink', 'East', 6)).toEqual([
      { orderId: 'h1', shipment: 1, quantity: 3 },
      { orderId: 'h2', shipment: 1, quantity: 3 },
    ]);
    expect(await reads.reservedAt('h-ink', 'East', 1)).toHaveLength(1);
    expect(await reads.reservedAt('h-ink', 'North', 6)).toEqual([]);
    await held(...Array.from({ length: NAMED_RESERVATIONS }, (_, n) => `many-${n}`));
    expect(await reads.reservedAt('h-ink', 'East', 1_000)).toHaveLength(NAMED_RESERVATIONS);
    await database.query(`delete from reservation where lines @> '[{"sku": "h-ink"}]'`);
  });

  it('is the queue, oldest first', async () => {
    const orders = (rows: readonly Reservation[]) => rows.map(({ orderId }) => orderId);
    expect(orders(await reads.listBackorders(undefined, undefined, 9))).toEqual(['o2', 'o1']);
    const after = ['2026-01-01T00:01:00.000Z', 'o2', 2] as const;
    expect(orders(await reads.listBackorders(after, undefined, 9))).toEqual(['o1']);
    expect(orders(await reads.listBackorders(undefined, 'a-pen', 1))).toEqual(['o2']);
    expect(orders(await reads.listBackorders(undefined, 'a-ink', 9))).toEqual([]);
  });

  it('is where the book differs from the live reservations', async () => {
    expect(await reads.audit()).toEqual({
      drift: 1,
      examples: [{ sku: 'b-pad', location: null, booked: 3_000_000_000, live: 0 }],
    });
    await database.query(`update stock set waiting = 0 where sku = 'b-pad'`);
    expect(await reads.audit()).toEqual({ drift: 0, examples: [] });
    await database.query(`update reservation set location = 'West' where order_id = 'o1' and shipment = 1`);
    expect((await reads.audit()).drift).toBe(4);
    await database.query(`update reservation set location = 'East' where order_id = 'o1' and shipment = 1`);
  });

  it('finds who waits by an index, whatever else there is', async () => {
    const runner = database.createQueryRunner();
    try {
      await runner.startTransaction();
      const plan = async (sql: string, params: readonly unknown[] = []) => {
        const rows: { 'QUERY PLAN': string }[] = await runner.query(`explain ${sql}`, [...params]);
        return rows.map((row) => row['QUERY PLAN']).join('\n');
      };
      await runner.query(`
        insert into reservation (order_id, shipment, state, lines, placed_at, missing)
        select 'many-' || n, 2, 'waiting', jsonb_build_array(jsonb_build_object('lineId', 'l1', 'sku', 's' || n % 20)),
          now(), '[]'
        from generate_series(1, 5000) n`);
      await runner.query(`insert into stock (sku, levels) select 'e' || n, '[]' from generate_series(1, 5000) n`);
      await runner.query('analyze reservation, stock');
      const queue = await plan(`select * from reservation t where ${connectedBackorders.where} for update`, [['s1']]);
      expect(queue).toContain('reservation_wanting');
      expect(queue).not.toContain('Seq Scan');
      expect(queue).not.toContain('reservation_queue');
      const stock = await plan(`select * from stock t where ${connectedStock.where} for update`, [['s1']]);
      expect(stock).toContain('reservation_wanting');
      expect(stock).not.toContain('Seq Scan');
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  it('is of the queue what is connected with some SKUs, by way of others too', async () => {
    const queue = [
      waiting('c1', 1, 'x1:1', 'x2:1'),
      waiting('c2', 2, 'x2:1', 'x3:1'),
      waiting('c3', 3, 'x3:1'),
      waiting('c4', 4, 'y1:1', 'y2:1'),
      { ...waiting('c5', 5, 'x3:1', 'y1:1'), state: 'released' as const },
    ];
    for (const row of queue) await insert(row);
    for (const sku of ['x1', 'x2', 'x3', 'y1', 'y2']) await insertStock(sku, [], 1);
    const found = async (...changes: readonly string[][]) => {
      const params = allSkus(changes.map((skus) => ({ skus })));
      const ids = async (table: string, name: string, where: string) => {
        const sql = `select ${name} as id from ${table} t where ${where} order by 1`;
        const rows: { id: string }[] = await database.query(sql, [params.skus]);
        return rows.map(({ id }) => id).join(' ');
      };
      return [
        await ids('reservation', 'order_id', connectedBackorders.where),
        await ids('stock', 'sku', connectedStock.where),
      ];
    };
    expect(await found(['x1'])).toEqual(['c1 c2 c3', 'x1 x2 x3']);
    expect(await found(['x3'])).toEqual(['c1 c2 c3', 'x1 x2 x3']);
    expect(await found(['y2'], ['x9'])).toEqual(['c4', 'y1 y2']);
    expect(await found(['y1'], ['x2', 'y1'])).toEqual(['c1 c2 c3 c4', 'x1 x2 x3 y1 y2']);
    expect(await found(['z'])).toEqual(['', '']);
  });
});
