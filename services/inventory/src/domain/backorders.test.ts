import { describe, expect, it } from 'vitest';
import { CountStock, ImportStock, ReplenishStock } from '../commands.js';
import { MemoryWorld } from '../testing/memory-world.js';
import { backorderPlaced, lines, orderPlaced, releaseRequested } from '../testing/messages.js';

const states = (world: MemoryWorld, ...orders: readonly string[]) =>
  orders.map((order) => world.reservation(order, 2)?.state);

describe('When_a_backorder_is_placed', () => {
  it('waits without an answer, and asked again still does', () => {
    const world = new MemoryWorld({ pen: { East: 1 } });
    expect(world.hear(backorderPlaced('o1', 1, lines('pen:2'))).publish).toEqual([]);
    const before = world.snapshot();
    expect(world.hear(backorderPlaced('o1', 1, lines('pen:2'))).publish).toEqual([]);
    expect(world.snapshot()).toBe(before);
    expect(world.stock()[0]?.waiting).toBe(2);
  });

  it('is served at once if it can be', () => {
    const world = new MemoryWorld({ pen: { East: 2 } });
    const { publish } = world.hear(backorderPlaced('o1', 1, lines('pen:2')));
    expect(publish?.map(({ id, data }) => ({ id, data }))).toEqual([
      {
        id: 'o1/2/StockReserved/1',
        data: { orderId: 'o1', shipment: 2, location: 'East', lines: lines('pen:2'), backordered: true },
      },
    ]);
    expect(world.hear(backorderPlaced('o1', 1, lines('pen:2'))).publish).toEqual(publish);
    expect([world.show('pen', 'East'), world.stock()[0]?.waiting]).toEqual(['2/2', 0]);
  });

  it('has its place by when it was placed, whenever it is heard of', () => {
    const world = new MemoryWorld({ pen: { East: 0 } });
    world.hear(backorderPlaced('late', 2, lines('pen:1')));
    world.hear(backorderPlaced('early', 1, lines('pen:1')));
    world.submit(ReplenishStock, { sku: 'pen', location: 'East', quantity: 1 });
    expect(states(world, 'early', 'late')).toEqual(['reserved', 'waiting']);
  });

  it('compares moments, not their spelling', () => {
    const world = new MemoryWorld({ pen: { East: 0 } });
    const placed = (order: string, placedAt: string) => {
      const event = backorderPlaced(order, 1, lines('pen:1'));
      world.hear({ ...event, data: { ...event.data, placedAt } });
    };
    placed('later', '2026-01-01T00:00:00.500Z');
    placed('earlier', '2026-01-01T00:00:00Z');
    world.submit(ReplenishStock, { sku: 'pen', location: 'East', quantity: 1 });
    expect(states(world, 'earlier', 'later')).toEqual(['reserved', 'waiting']);
  });

  it('of a SKU that nobody knows waits for the catalogue', () => {
    const world = new MemoryWorld();
    world.hear(backorderPlaced('o1', 1, lines('pen:1')));
    world.submit(ImportStock, { items: [{ sku: 'pen', location: 'East', onHand: 1, name: 'Pen' }] });
    expect(world.reservation('o1', 2)).toMatchObject({ state: 'reserved', location: 'East' });
  });
});

describe('When_availability_rises', () => {
  it('serves the oldest first, and nobody who would take what an older one needs', () => {
    const world = new MemoryWorld({ pen: { East: 0 } });
    world.hear(backorderPlaced('big', 1, lines('pen:5')));
    world.hear(backorderPlaced('small', 2, lines('pen:1')));
    world.submit(ReplenishStock, { sku: 'pen', location: 'East', quantity: 5 }, 'a');
    expect(states(world, 'big', 'small')).toEqual(['reserved', 'waiting']);
    world.submit(ReplenishStock, { sku: 'pen', location: 'East', quantity: 1 }, 'b');
    expect(states(world, 'big', 'small')).toEqual(['reserved', 'reserved']);
  });

  it('serves a newer one that takes nothing from an older', () => {
    const world = new MemoryWorld({ pen: { East: 0 }, ink: { East: 0 } });
    world.hear(backorderPlaced('pens', 1, lines('pen:5')));
    world.hear(backorderPlaced('inks', 2, lines('ink:1')));
    world.submit(ReplenishStock, { sku: 'ink', location: 'East', quantity: 1 });
    expect(states(world, 'pens', 'inks')).toEqual(['waiting', 'reserved']);
  });

  it('goes through the whole queue: who is served makes room for others elsewhere', () => {
    const world = new MemoryWorld({ pen: { East: 2, West: 2 }, ink: { East: 0, West: 0 } });
    // The first keeps two pens at both locations from everybody, until its ink comes to one of them.
    world.hear(backorderPlaced('first', 1, lines('pen:2', 'ink:1')));
    world.hear(backorderPlaced('second', 2, lines('pen:2')));
    expect(states(world, 'first', 'second')).toEqual(['waiting', 'waiting']);
    const { publish } = world.submit(ReplenishStock, { sku: 'ink', location: 'East', quantity: 1 });
    expect(publish?.map(({ id }) => id)).toEqual([
      'ink/East/StockReplenished/wish',
      'first/2/StockReserved/1',
      'second/2/StockReserved/1',
    ]);
    expect([world.reservation('first', 2)?.location, world.reservation('second', 2)?.location]).toEqual([
      'East',
      'West',
    ]);
  });

  it('is told by a count and by a release too', () => {
    const world = new MemoryWorld({ pen: { East: 3 } });
    world.hear(orderPlaced('holder', lines('pen:3')));
    world.hear(backorderPlaced('a', 1, lines('pen:1')));
    world.hear(backorderPlaced('b', 2, lines('pen:3')));
    world.submit(CountStock, { sku: 'pen', location: 'East', counted: 4 });
    expect(states(world, 'a', 'b')).toEqual(['reserved', 'waiting']);
    const { publish } = world.hear(releaseRequested('holder'));
    expect(publish?.map(({ name }) => name)).toEqual(['StockReleased', 'StockReserved']);
    expect(states(world, 'a', 'b')).toEqual(['reserved', 'reserved']);
  });
});

describe('When_a_waiting_backorder_leaves_the_queue', () => {
  it('is released, and those it stood in the way of are served', () => {
    const world = new MemoryWorld({ pen: { East: 2 } });
    world.hear(backorderPlaced('big', 1, lines('pen:5')));
    world.hear(backorderPlaced('small', 2, lines('pen:2')));
    const { publish } = world.hear(releaseRequested('big', { shipment: 2 }));
    expect(publish?.map(({ id, data }) => ({ id, data }))).toEqual([
      { id: 'big/2/StockReleased/1', data: { orderId: 'big', shipment: 2, lines: [], missing: [] } },
      expect.objectContaining({ id: 'small/2/StockReserved/1' }),
    ]);
    expect(states(world, 'big', 'small')).toEqual(['released', 'reserved']);
    expect(world.stock()[0]?.waiting).toBe(0);
    expect(world.hear(backorderPlaced('big', 1, lines('pen:5'))).publish).toEqual([]);
    expect(states(world, 'big')).toEqual(['released']);
  });
});
