import { describe, expect, it } from 'vitest';
import { MemoryWorld } from '../testing/memory-world.js';
import { backorderPlaced, lines, orderPlaced, stockRequested } from '../testing/messages.js';

describe('When_stock_of_a_shipment_is_wanted', () => {
  it('takes all of it from the region of the order', () => {
    const world = new MemoryWorld({ pen: { East: 5, West: 5 }, ink: { East: 5, West: 5 } });
    const { publish } = world.hear(orderPlaced('o1', lines('pen:2', 'ink:1'), 'West'));
    expect(publish).toEqual([
      expect.objectContaining({
        name: 'StockReserved',
        id: 'o1/1/StockReserved/1',
        key: 'o1',
        data: { orderId: 'o1', shipment: 1, location: 'West', lines: lines('pen:2', 'ink:1'), backordered: false },
      }),
    ]);
    expect([world.show('pen', 'West'), world.show('ink', 'West'), world.show('pen', 'East')]).toEqual([
      '5/2',
      '5/1',
      '5/0',
    ]);
  });

  it('takes the first other location by name that has it all, when the region has not', () => {
    const world = new MemoryWorld({
      pen: { West: 9, South: 9, East: 9, Central: 1 },
      ink: { West: 9, South: 9, East: 0, Central: 9 },
    });
    world.hear(orderPlaced('o1', lines('pen:2', 'ink:1'), 'Central'));
    expect(world.reservation('o1', 1)).toMatchObject({ state: 'reserved', location: 'South' });
  });

  it('never splits a shipment between locations, and says what was where', () => {
    const world = new MemoryWorld({ pen: { East: 5, West: 0 }, ink: { East: 0, West: 5 } });
    const { publish } = world.hear(orderPlaced('o1', lines('pen:2', 'ink:1')));
    expect(publish?.map(({ name, data }) => ({ name, data }))).toEqual([
      {
        name: 'StockShort',
        data: {
          orderId: 'o1',
          shipment: 1,
          lines: [
            {
              lineId: 'l1',
              sku: 'pen',
              requested: 2,
              known: true,
              available: [
                { location: 'East', quantity: 5 },
                { location: 'West', quantity: 0 },
              ],
            },
            {
              lineId: 'l2',
              sku: 'ink',
              requested: 1,
              known: true,
              available: [
                { location: 'East', quantity: 0 },
                { location: 'West', quantity: 5 },
              ],
            },
          ],
        },
      },
    ]);
    expect(world.stock().flatMap(({ levels }) => levels.map(({ reserved }) => reserved))).toEqual([0, 0, 0, 0]);
  });

  it('names the 20 locations with most, by name, when there are more', () => {
    const onHand = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`L${n + 10}`, (n * 7) % 50]));
    const world = new MemoryWorld({ pen: onHand });
    world.hear(orderPlaced('o1', lines('pen:99')));
    const named = world.reservation('o1', 1)?.short?.[0]?.available ?? [];
    expect(named.map(({ location }) => location)).toEqual(
      Object.keys(onHand).filter((location) => (onHand[location] ?? 0) >= 30),
    );
    expect(named).toHaveLength(20);
    for (const { location, quantity } of named) expect(quantity).toBe(onHand[location]);
  });

  it('adds up lines of the same SKU', () => {
    const world = new MemoryWorld({ pen: { East: 3 } });
    world.hear(orderPlaced('o1', lines('pen:2', 'pen:2')));
    world.hear(orderPlaced('o2', lines('pen:2', 'pen:1')));
    expect(world.reservation('o1', 1)?.state).toBe('short');
    expect(world.reservation('o2', 1)?.state).toBe('reserved');
    expect(world.show('pen', 'East')).toBe('3/3');
  });

  it('says that a SKU is unknown', () => {
    const world = new MemoryWorld({ pen: { East: 3 } });
    world.hear(orderPlaced('o1', lines('pen:1', 'constructor:1')));
    expect(world.reservation('o1', 1)?.short?.map(({ sku, known }) => [sku, known])).toEqual([
      ['pen', true],
      ['constructor', false],
    ]);
  });

  it('leaves to all who wait what they need, at every location', () => {
    const world = new MemoryWorld({ pen: { East: 3, West: 4 } });
    world.hear(backorderPlaced('old', 1, lines('pen:5')));
    world.hear(orderPlaced('o1', lines('pen:1')));
    expect(world.reservation('o1', 1)).toMatchObject({
      state: 'short',
      short: [
        {
          available: [
            { location: 'East', quantity: 0 },
            { location: 'West', quantity: 0 },
          ],
        },
      ],
    });
    world.hear(backorderPlaced('o1', 2, lines('ink:1')));
    world.hear(stockRequested('o2', lines('pen:1')));
    expect(world.reservation('o2', 2)?.state).toBe('short');
  });

  it.each([
    ['reserved', 9],
    ['short', 0],
  ])('repeats its answer when it hears the same again: %s', (state, onHand) => {
    const world = new MemoryWorld({ pen: { East: onHand } });
    const first = world.hear(orderPlaced('o1', lines('pen:1'))).publish;
    const before = world.snapshot();
    const second = world.hear(orderPlaced('o1', lines('pen:1'))).publish;
    // Asked again by the coordinator, under another event id, when stock is different: still the first answer.
    expect(world.hear({ ...stockRequested('o1', lines('pen:1'), { shipment: 1 }), id: 'asked-again' }).publish).toEqual(
      first,
    );
    expect(second).toEqual(first);
    expect(world.reservation('o1', 1)?.state).toBe(state);
    expect(world.snapshot()).toBe(before);
  });
});
