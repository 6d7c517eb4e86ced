import { OrderSubmitted } from '@baton/contracts';
import { expect, test } from 'vitest';
import { superstoreCatalogue, superstoreOrders } from './superstore.js';

const orders = superstoreOrders();
const catalogue = superstoreCatalogue();
const lines = orders.flatMap((order) => order.lines);

test('all orders, lines and units of the data are there', () => {
  expect(orders).toHaveLength(5_009);
  expect(lines).toHaveLength(9_994);
  expect(lines.reduce((sum, line) => sum + line.quantity, 0)).toBe(37_873);
  expect(new Set(orders.map((order) => order.orderId)).size).toBe(5_009);
  expect(
    Object.fromEntries([...Map.groupBy(orders, (order) => order.region)].map(([region, all]) => [region, all.length])),
  ).toEqual({
    West: 1_611,
    East: 1_401,
    Central: 1_175,
    South: 822,
  });
});

test('every order is valid, and nothing of it is changed by the schema but for its defaults', () => {
  for (const order of orders) {
    expect(OrderSubmitted.schema.parse(order)).toEqual({ ...order, onShortage: 'backorder' });
  }
});

test('an order reads as it should', () => {
  expect(orders.find((order) => order.orderId === 'CA-2016-152156')).toEqual({
    orderId: 'CA-2016-152156',
    customer: {
      customerId: 'CG-12520',
      name: 'Claire Gute',
      email: 'cg-12520@example.test',
      address: { city: 'Henderson', state: 'Kentucky', postalCode: '42420', country: 'United States' },
    },
    region: 'South',
    serviceLevel: 'second-class',
    lines: [
      { lineId: '1', sku: 'FUR-BO-10001798', quantity: 2 },
      { lineId: '2', sku: 'FUR-CH-10000454', quantity: 3 },
    ],
  });
});

test('a product that an order names twice stands on two lines', () => {
  const twice = orders.filter((order) => new Set(order.lines.map((line) => line.sku)).size < order.lines.length);
  expect(twice).toHaveLength(8);
  expect(twice.map((order) => order.orderId)).toContain('CA-2016-129714');
});

test('postal codes have five digits, names and text no spaces at their ends', () => {
  for (const { customer } of orders) {
    expect(customer.address.postalCode).toMatch(/^\d{5}$/);
    expect(customer.name).toBe(customer.name.trim());
  }
  for (const { name } of catalogue) expect(name).toBe(name?.trim());
  expect(orders.filter(({ customer }) => customer.address.postalCode.startsWith('0')).length).toBeGreaterThan(0);
});

test('the orders come in the same order every time, by date', () => {
  expect(superstoreOrders().map((order) => order.orderId)).toEqual(orders.map((order) => order.orderId));
  expect(orders[0]?.orderId).toBe('CA-2014-103800');
});

test('a later round has ids of its own and is otherwise the same', () => {
  const second = superstoreOrders({ round: 2 });
  expect(second[0]).toEqual({ ...orders[0], orderId: `${orders[0]?.orderId}-r2` });
  for (const order of second) expect(OrderSubmitted.schema.safeParse(order).success).toBe(true);
  expect(superstoreCatalogue({ round: 2 })).toEqual(catalogue);
});

test.for([0, -1, 1.5, Number.NaN])('there is no round %s', (round) => {
  expect(() => superstoreOrders({ round })).toThrow(/A round is a whole number from 1/);
  expect(() => superstoreCatalogue({ round })).toThrow(RangeError);
});

test('the catalogue has every SKU, each location once', () => {
  expect(new Set(catalogue.map(({ sku }) => sku)).size).toBe(1_862);
  expect(new Set(catalogue.map(({ sku, location }) => `${sku} ${location}`)).size).toBe(catalogue.length);
  expect([...new Set(catalogue.map(({ location }) => location))].toSorted()).toEqual([
    'Central',
    'East',
    'South',
    'West',
  ]);
});

test('about 2 % of the orders are short, and all others go out whole from their own region', () => {
  const left = new Map(catalogue.map(({ sku, location, onHand }) => [`${sku} ${location}`, onHand]));
  const short = orders.filter((order) => {
    const needs = order.lines.map((line) => [`${line.sku} ${order.region}`, line.quantity] as const);
    if (needs.some(([place]) => left.get(place) === 0 || left.get(place) === undefined)) return true;
    for (const [place, units] of needs) left.set(place, (left.get(place) ?? 0) - units);
    return false;
  });
  expect(short).toHaveLength(95);
  expect(Math.min(...left.values())).toBeGreaterThanOrEqual(0);
});
