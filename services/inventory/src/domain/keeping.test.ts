import { MAX_STOCK_QUANTITY } from '@baton/contracts';
import { Refused } from '@baton/messaging';
import { describe, expect, it } from 'vitest';
import { catalogue, CountStock, ImportStock, MAX_IMPORT_ITEMS, ReplenishStock } from '../commands.js';
import { MemoryWorld } from '../testing/memory-world.js';
import { lines, orderPlaced } from '../testing/messages.js';

const east = { sku: 'pen', location: 'East' };

const refusal = (wish: () => unknown): Refused => {
  try {
    wish();
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
  throw new Error('It was not refused.');
};

describe('When_goods_arrive', () => {
  it('raises on hand and says so, told apart by the wish', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    const { publish, reply } = world.submit(ReplenishStock, { ...east, quantity: 3 }, 'key-1');
    expect(publish).toEqual([
      expect.objectContaining({
        name: 'StockReplenished',
        id: 'pen/East/StockReplenished/key-1',
        key: 'pen',
        data: { ...east, onHand: 8, reserved: 0, quantity: 3 },
      }),
    ]);
    expect(reply).toEqual({ body: { ...east, onHand: 8, reserved: 0, available: 8, served: [] } });
  });

  it('is refused for what the catalogue does not have, with the remedy', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    const unknownSku = refusal(() =>
      world.submit(ReplenishStock, { sku: 'constructor', location: 'East', quantity: 1 }),
    );
    expect(unknownSku).toMatchObject({ status: 404, code: 'unknown-stock', members: { locations: [] } });
    expect(unknownSku.message).toContain('POST /stock/import');
    const unknownPlace = refusal(() => world.submit(ReplenishStock, { sku: 'pen', location: 'Wset', quantity: 1 }));
    expect(unknownPlace).toMatchObject({ status: 404, code: 'unknown-stock', members: { locations: ['East'] } });
    expect(world.show('pen', 'Wset')).toBe('none');
  });

  it('is refused when no location could hold it', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    const wish = () => world.submit(ReplenishStock, { ...east, quantity: MAX_STOCK_QUANTITY });
    expect(refusal(wish)).toMatchObject({ status: 409, code: 'too-much-stock', members: { onHand: 5 } });
    expect(world.show('pen', 'East')).toBe('5/0');
  });

  it.each([-5, 0, 1.5, 1e9 + 1, Number.NaN, '3', null])('needs a whole number of units from 1: not %s', (quantity) => {
    expect(ReplenishStock.schema.safeParse({ ...east, quantity }).success).toBe(false);
  });
});

describe('When_a_shelf_is_counted', () => {
  it('sets on hand to what is there', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    world.hear(orderPlaced('o1', lines('pen:2')));
    const { publish } = world.submit(CountStock, { ...east, counted: 2 }, 'key-1');
    expect(publish).toEqual([
      expect.objectContaining({
        id: 'pen/East/StockCounted/key-1',
        data: { ...east, onHand: 2, reserved: 2, difference: -3 },
      }),
    ]);
    expect(world.show('pen', 'East')).toBe('2/2');
  });

  it('is refused below what is reserved, without a look at anything but the level', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    world.hear(orderPlaced('o1', lines('pen:2', 'pen:1')));
    const before = world.snapshot();
    expect(refusal(() => world.submit(CountStock, { ...east, counted: 2 }))).toMatchObject({
      status: 409,
      code: 'stock-below-reserved',
      members: { reserved: 3 },
    });
    expect(world.snapshot()).toBe(before);
  });

  it('is refused for what the catalogue does not have', () => {
    const wish = () => new MemoryWorld().submit(CountStock, { ...east, counted: 3 });
    expect(refusal(wish)).toMatchObject({ status: 404, code: 'unknown-stock' });
  });

  it.each([-5, 1.5, 1e9 + 1, '3', null])('needs a whole number of units from 0: not %s', (counted) => {
    expect(CountStock.schema.safeParse({ ...east, counted }).success).toBe(false);
  });
});

describe('When_a_catalogue_is_imported', () => {
  const items = [
    { sku: 'pen', location: 'West', onHand: 4, name: 'Pen ✒️ "fine"; drop table stock' },
    { sku: 'pen', location: 'East', onHand: 3 },
    { sku: 'ink', location: 'East', onHand: 0, name: 'Ink' },
  ];

  it('makes SKUs and levels, and the same file again changes nothing', () => {
    const world = new MemoryWorld();
    const { reply, publish } = world.submit(ImportStock, { items });
    expect(reply?.body).toEqual({ items: 3, created: 3, changed: 0, unchanged: 0, keptAtReserved: [], served: [] });
    expect(publish).toEqual([]);
    expect(world.stock().find(({ sku }) => sku === 'pen')).toEqual({
      sku: 'pen',
      name: items[0]?.name,
      waiting: 0,
      levels: [
        { location: 'East', onHand: 3, reserved: 0 },
        { location: 'West', onHand: 4, reserved: 0 },
      ],
    });
    const again = world.submit(ImportStock, { items });
    expect(again.save).toEqual([]);
    expect(again.reply?.body).toMatchObject({ created: 0, changed: 0, unchanged: 3 });
  });

  it('never lowers a level below what is reserved, and names it', () => {
    const world = new MemoryWorld({ pen: { East: 9 } });
    world.hear(orderPlaced('o1', lines('pen:5')));
    const { reply } = world.submit(ImportStock, { items });
    expect(world.show('pen', 'East')).toBe('5/5');
    expect(reply?.body).toMatchObject({
      created: 2,
      changed: 1,
      keptAtReserved: [{ sku: 'pen', location: 'East', asked: 3, onHand: 5 }],
    });
  });

  it.each([
    ['no items', []],
    ['too many items', Array.from({ length: MAX_IMPORT_ITEMS + 1 }, (_, n) => ({ ...east, sku: `s${n}`, onHand: 1 }))],
    [
      'a level twice',
      [
        { ...east, onHand: 1 },
        { ...east, onHand: 2 },
      ],
    ],
    ['less than nothing', [{ ...east, onHand: -5 }]],
    ['half a unit', [{ ...east, onHand: 1.5 }]],
    ['too many units', [{ ...east, onHand: 1e9 + 1 }]],
    ['a SKU that could not be read', [{ ...east, sku: 'audit', onHand: 1 }]],
    ['a SKU that is no identifier', [{ ...east, sku: "'; drop table stock", onHand: 1 }]],
    ['a name with NUL', [{ ...east, onHand: 1, name: 'a\u0000b' }]],
    ['a name with a lone surrogate', [{ ...east, onHand: 1, name: 'a\ud800' }]],
    ['a field that nobody knows', [{ ...east, onHand: 1, reserved: 3 }]],
  ])('refuses %s', (_, bad) => {
    expect(catalogue.safeParse({ items: bad }).success).toBe(false);
  });
});
