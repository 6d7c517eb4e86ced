import { expect, test } from 'vitest';
import { examples } from './examples.js';
import { MAX_ORDER_LINES, type OrderInput, OrderSubmitted, StockReplenished, StockShort, timestamp } from './index.js';

const order = examples[OrderSubmitted.type] as OrderInput;
const firstLine = order.lines[0]!;

const withLines = (lines: readonly unknown[]) => ({ ...order, lines });
const withQuantity = (quantity: unknown) => withLines([{ ...firstLine, quantity }]);
const withCity = (city: unknown) => ({
  ...order,
  customer: { ...order.customer, address: { ...order.customer.address, city } },
});
const issuesOf = (data: unknown): readonly string[] => {
  const { error } = OrderSubmitted.schema.safeParse(data);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
};

test.for([0, -1, 1e9, 1.5, '2', null, Number.NaN, Number.POSITIVE_INFINITY, undefined])(
  'a quantity of %s is refused, and the refusal names the field',
  (quantity) => {
    expect(issuesOf(withQuantity(quantity))).toEqual([expect.stringMatching(/^lines\.0\.quantity: /)]);
  },
);

test('quantities at the limits pass', () => {
  expect(issuesOf(withQuantity(1))).toEqual([]);
  expect(issuesOf(withQuantity(10_000))).toEqual([]);
  expect(issuesOf(withQuantity(10_001))).toHaveLength(1);
});

test('one SKU may stand on several lines, a line id only once', () => {
  expect(issuesOf(withLines([firstLine, { ...firstLine, lineId: '2' }]))).toEqual([]);
  expect(issuesOf(withLines([firstLine, firstLine]))).toEqual(['lines.1.lineId: line id 1 is used twice']);
});

test('an order has between one line and the most lines', () => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => ({ ...firstLine, lineId: `${index}` }));
  expect(issuesOf(withLines([]))).toEqual(['lines: an order needs at least one line']);
  expect(issuesOf(withLines(lines(MAX_ORDER_LINES)))).toEqual([]);
  expect(issuesOf(withLines(lines(MAX_ORDER_LINES + 1)))).toHaveLength(1);
  expect(issuesOf({ ...order, lines: undefined })).toHaveLength(1);
  expect(issuesOf({ ...order, lines: { 0: firstLine } })).toHaveLength(1);
});

test.for([
  ['NUL', 'Hen\u0000derson'],
  ['a lone high surrogate', 'Hen\uD83Dderson'],
  ['a lone low surrogate', 'Hen\uDE00derson'],
  ['surrogates in the wrong order', '\uDE00\uD83D'],
  ['empty text', ''],
  ['text that is too long', 'x'.repeat(201)],
])('%s is refused', ([_what, city]) => {
  expect(issuesOf(withCity(city))).toEqual([expect.stringMatching(/^customer\.address\.city: /)]);
});

test.for([
  'München 😀👩‍👩‍👧‍👦',
  "Robert'); DROP TABLE orders;--",
  '" OR 1=1 /* \\ %s ${jndi:ldap://x} {{7*7}} <script>alert(1)</script>',
  'line one\nline two\ttab',
  '日本橋 \u00a0 ¾ “curly”',
  '\u202Ertl',
])('text like %j passes unchanged', (city) => {
  const parsed = OrderSubmitted.schema.parse(withCity(city)) as { customer: { address: { city: string } } };
  expect(parsed.customer.address.city).toBe(city);
});

test.for([
  '',
  ' ',
  '-1',
  'a b',
  'a/b',
  'ä',
  '😀',
  "x'; DROP TABLE orders;--",
  'a\u0000',
  'a\n',
  'x'.repeat(65),
  7,
  null,
])('the id %j is refused', (orderId) => {
  expect(issuesOf({ ...order, orderId })).toEqual([expect.stringMatching(/^orderId: /)]);
});

test.for(['1', 'CA-2016-152156', 'CA-2016-152156-r2', 'a.b_c~d:e-f', 'x'.repeat(64)])('the id %s passes', (orderId) => {
  expect(issuesOf({ ...order, orderId })).toEqual([]);
});

test.for(['nobody', 'a@b', 'a b@example.test', 'a@example.test\r\nBcc: all@example.test', '<a@example.test>'])(
  'the mail address %j is refused',
  (email) => {
    expect(issuesOf({ ...order, customer: { ...order.customer, email } })).toEqual([
      expect.stringMatching(/^customer\.email: /),
    ]);
  },
);

test('defaults are filled in, and fields that nobody knows are dropped', () => {
  const { serviceLevel: _level, onShortage: _shortage, ...bare } = order;
  const parsed = OrderSubmitted.schema.parse({ ...bare, surprise: 1, ['__proto__']: { polluted: true } });
  expect(parsed).toEqual({ ...bare, serviceLevel: 'standard', onShortage: 'backorder' });
});

test.for([null, undefined, 7, 'text', [], [order], true])('%j is no order', (data) => {
  expect(issuesOf(data).length).toBeGreaterThan(0);
});

test('a moment is one that Postgres can hold', () => {
  for (const good of ['0001-01-01T00:00:00Z', '2026-11-08T15:05:00.123Z']) {
    expect(timestamp.safeParse(good).success, good).toBe(true);
  }
  for (const bad of ['0000-01-01T00:00:00Z', '0000-12-31T23:59:59.999Z', '2026-11-08', 'soon']) {
    expect(timestamp.safeParse(bad).success, bad).toBe(false);
  }
});

test('stock is counted in whole units and never below zero', () => {
  const level = { sku: 'S', location: 'L', quantity: 1, onHand: 1, reserved: 0 };
  expect(StockReplenished.schema.safeParse(level).success).toBe(true);
  for (const bad of [{ onHand: -1 }, { reserved: 0.5 }, { quantity: 0 }, { onHand: 1_000_000_001 }]) {
    expect(StockReplenished.schema.safeParse({ ...level, ...bad }).success).toBe(false);
  }
  expect(StockShort.schema.safeParse({ orderId: 'o', shipment: 0, lines: [] }).success).toBe(false);
});
