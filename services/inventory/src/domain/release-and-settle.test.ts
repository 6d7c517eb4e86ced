import type { Outcome } from '@baton/messaging';
import { describe, expect, it } from 'vitest';
import { CountStock } from '../commands.js';
import { MemoryWorld } from '../testing/memory-world.js';
import {
  backorderPlaced,
  dispatched,
  lines,
  orderPlaced,
  releaseRequested,
  stockRequested,
} from '../testing/messages.js';
import { release } from './decide.js';
import { Books } from './stock.js';

const namesIn = ({ publish }: Outcome) => publish?.map(({ name }) => name);
const missing = (quantity: number) => [{ lineId: 'l1', sku: 'pen', quantity }];

describe('When_stock_is_to_be_released', () => {
  it('gives back what was held, once, and answers every time alike', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    world.hear(orderPlaced('o1', lines('pen:3')));
    const { publish } = world.hear(releaseRequested('o1'));
    expect(publish?.map(({ id, data }) => ({ id, data }))).toEqual([
      { id: 'o1/1/StockReleased/1', data: { orderId: 'o1', shipment: 1, lines: lines('pen:3'), missing: [] } },
    ]);
    expect(world.show('pen', 'East')).toBe('5/0');
    const before = world.snapshot();
    expect(world.hear({ ...releaseRequested('o1'), id: 'asked-again' }).publish).toEqual(publish);
    expect(world.hear(orderPlaced('o1', lines('pen:3'))).publish).toEqual([]);
    expect(world.snapshot()).toBe(before);
  });

  it('of what it never heard of: answers undone, and the order that comes after does nothing', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    const { publish } = world.hear(releaseRequested('o1'));
    expect(publish?.[0]).toMatchObject({ id: 'o1/1/StockReleased/1', data: { lines: [], missing: [] } });
    expect(world.reservation('o1', 1)?.state).toBe('tombstone');
    for (const late of [
      orderPlaced('o1', lines('pen:3')),
      stockRequested('o1', lines('pen:3'), { shipment: 1 }),
      backorderPlaced('o1', 1, lines('pen:3'), { shipment: 1 }),
    ]) {
      expect(world.hear(late).publish).toEqual([]);
    }
    expect(world.show('pen', 'East')).toBe('5/0');
    expect(world.hear(releaseRequested('o1')).publish).toEqual(publish);
  });

  it('of one that was short: answers undone, and stays so', () => {
    const world = new MemoryWorld({ pen: { East: 1 } });
    world.hear(orderPlaced('o1', lines('pen:3')));
    const { publish } = world.hear(releaseRequested('o1'));
    expect(publish?.map(({ name }) => name)).toEqual(['StockReleased']);
    expect(world.hear(orderPlaced('o1', lines('pen:3'))).publish).toEqual([]);
    expect(world.hear(releaseRequested('o1', { missing: missing(1) })).publish).toEqual(publish);
  });

  it('writes missing units off before anything else, so that nobody is served with them', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    world.hear(orderPlaced('o1', lines('pen:5')));
    world.hear(backorderPlaced('o2', 1, lines('pen:5')));
    world.hear(backorderPlaced('o3', 2, lines('ink:1')));
    const { publish } = world.hear(releaseRequested('o1', { missing: missing(2) }));
    expect(publish?.map(({ data }) => data)).toEqual([
      { orderId: 'o1', shipment: 1, lines: lines('pen:3'), missing: missing(2) },
    ]);
    expect(world.show('pen', 'East')).toBe('3/0');
  });

  it('leaves out a line of which everything is missing, and believes no more missing than was held', () => {
    const world = new MemoryWorld({ pen: { East: 9 }, ink: { East: 9 } });
    world.hear(orderPlaced('o1', lines('pen:2', 'ink:1')));
    const { publish } = world.hear(releaseRequested('o1', { missing: missing(7) }));
    expect(publish?.[0]?.data).toEqual({
      orderId: 'o1',
      shipment: 1,
      lines: [{ lineId: 'l2', sku: 'ink', quantity: 1 }],
      missing: missing(2),
    });
    expect([world.show('pen', 'East'), world.show('ink', 'East')]).toEqual(['7/0', '9/0']);
  });

  it('writes off only the increase when it is asked again, and its first answer stands', () => {
    const world = new MemoryWorld({ pen: { East: 9 } });
    world.hear(orderPlaced('o1', lines('pen:5')));
    const first = world.hear(releaseRequested('o1', { missing: missing(2) })).publish;
    expect(world.hear(releaseRequested('o1', { missing: missing(2) })).publish).toEqual(first);
    expect(world.show('pen', 'East')).toBe('7/0');
    expect(world.hear(releaseRequested('o1', { missing: missing(3) })).publish).toEqual(first);
    expect(world.show('pen', 'East')).toBe('6/0');
    expect(world.hear(releaseRequested('o1', { missing: missing(1) })).publish).toEqual(first);
    expect(world.show('pen', 'East')).toBe('6/0');
  });

  it('takes nothing from those who reserved meanwhile when more turns out to be missing', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    world.hear(orderPlaced('o1', lines('pen:5')));
    world.hear(releaseRequested('o1'));
    world.hear(orderPlaced('o2', lines('pen:4')));
    world.hear(releaseRequested('o1', { missing: missing(3) }));
    expect(world.show('pen', 'East')).toBe('4/4');
    // What could not be written off is written off when it can be, and not once more.
    world.hear(releaseRequested('o2'));
    world.hear(releaseRequested('o1', { missing: missing(3) }));
    world.hear(releaseRequested('o1', { missing: missing(3) }));
    expect(world.show('pen', 'East')).toBe('2/0');
  });

  it('that fails leaves no trace and is not reported as done', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    world.hear(orderPlaced('o1', lines('pen:3')));
    const known = world.reservation('o1', 1);
    expect(() => release({ orderId: 'o1', shipment: 1, missing: [] }, known, [], new Books([]))).toThrow('not loaded');
  });
});

describe('When_a_shipment_is_dispatched', () => {
  it('lowers on hand and reserved together, once', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    world.hear(orderPlaced('o1', lines('pen:2', 'pen:1')));
    const { publish } = world.hear(dispatched('o1'));
    expect(publish?.map(({ id, data }) => ({ id, data }))).toEqual([
      {
        id: 'o1/1/StockSettled/1',
        data: { orderId: 'o1', shipment: 1, location: 'East', lines: lines('pen:2', 'pen:1') },
      },
    ]);
    const before = world.snapshot();
    expect(world.hear(dispatched('o1')).publish).toEqual(publish);
    expect(world.show('pen', 'East')).toBe('2/0');
    // The request that began it, heard once more, gets its answer and changes nothing either.
    expect(world.hear(orderPlaced('o1', lines('pen:2', 'pen:1'))).publish?.map(({ name }) => name)).toEqual([
      'StockReserved',
    ]);
    expect(world.snapshot()).toBe(before);
  });

  it('cannot be released any more, and nobody is told that it was', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    world.hear(orderPlaced('o1', lines('pen:2')));
    world.hear(dispatched('o1'));
    const outcome = world.hear(releaseRequested('o1', { missing: missing(1) }));
    expect(outcome).toMatchObject({ publish: [], deadLetter: expect.stringContaining('was dispatched') });
    expect(world.show('pen', 'East')).toBe('3/0');
  });

  it('after its release: changes nothing, and an operator sees it', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    world.hear(orderPlaced('o1', lines('pen:2')));
    world.hear(releaseRequested('o1'));
    expect(world.hear(dispatched('o1'))).toMatchObject({
      save: [],
      publish: [],
      deadLetter: expect.stringContaining('released'),
    });
  });

  it('before its order is heard of: goes off the books as soon as it is', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    expect(world.hear(dispatched('o1'))).toMatchObject({ publish: [] });
    expect(world.hear(dispatched('o1'))).toMatchObject({ save: [], publish: [] });
    expect(world.hear(releaseRequested('o1'))).toMatchObject({ deadLetter: expect.stringContaining('dispatched') });
    expect(namesIn(world.hear(orderPlaced('o1', lines('pen:2'))))).toEqual(['StockReserved', 'StockSettled']);
    expect(namesIn(world.hear(orderPlaced('o1', lines('pen:2'))))).toEqual(['StockReserved']);
    expect(world.level('pen', 'East')).toMatchObject({ onHand: 3, reserved: 0 });
  });

  it('before its order is heard of, of which no location has the stock: an operator sees it', () => {
    const world = new MemoryWorld({ pen: { East: 1 } });
    world.hear(dispatched('o1'));
    expect(world.hear(orderPlaced('o1', lines('pen:2')))).toMatchObject({
      save: [],
      publish: [],
      deadLetter: expect.stringContaining('no location has its stock'),
    });
  });

  it('leaves room for a count that a reservation stood in the way of', () => {
    const world = new MemoryWorld({ pen: { East: 5 } });
    world.hear(orderPlaced('o1', lines('pen:2')));
    expect(() => world.submit(CountStock, { sku: 'pen', location: 'East', counted: 1 })).toThrow();
    world.hear(dispatched('o1'));
    world.submit(CountStock, { sku: 'pen', location: 'East', counted: 1 });
    expect(world.show('pen', 'East')).toBe('1/0');
  });
});
