import { OrderCancellationSubmitted, OrderSubmitted } from '@baton/contracts';
import { expect, test } from 'vitest';
import { superstoreOrders } from '../../sample/superstore.js';
import { orderEntry, parseLines } from './entries.js';

const [order] = superstoreOrders();
if (!order) throw new Error('the sample has no orders');
const cancellation = {
  specversion: '1.0',
  type: OrderCancellationSubmitted.type,
  id: 'wish-1',
  source: '/shop',
  subject: order.orderId,
  time: '2026-11-08T09:30:00Z',
  data: { orderId: order.orderId, reason: 'too late' },
};
const parsed = (...lines: readonly unknown[]) =>
  parseLines(Buffer.from(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')));
const fault = (line: unknown): string | undefined => parsed(line).faults[0]?.reason;

test('a line is an order or a CloudEvent, and empty lines count but say nothing', () => {
  const { entries, faults } = parsed(order, '', '  \r', cancellation, '');
  expect(faults).toEqual([]);
  expect(entries).toEqual([
    { ...orderEntry(order), line: 1 },
    {
      line: 4,
      definition: OrderCancellationSubmitted,
      id: 'wish-1',
      source: '/shop',
      time: '2026-11-08T09:30:00Z',
      orderId: order.orderId,
      data: cancellation.data,
    },
  ]);
});

test('an order has an id that the same order gets again', () => {
  expect(orderEntry(order)).toMatchObject({ definition: OrderSubmitted, id: `${order.orderId}/0/OrderSubmitted/1` });
});

test('Windows line ends, a byte order mark and a last line without an end are fine', () => {
  const text = `\uFEFF${JSON.stringify(order)}\r\n${JSON.stringify(cancellation)}`;
  expect(parseLines(Buffer.from(text))).toMatchObject({ entries: [{ line: 1 }, { line: 2 }], faults: [] });
});

test('an empty input has no lines', () => {
  expect(parseLines(Buffer.alloc(0))).toEqual({ entries: [], faults: [] });
});

test.for([
  ['{"orderId": ', /^not JSON: /],
  ['[]', /^not an object/],
  ['null', /^not an object/],
  ['"text"', /^not an object/],
  [{}, /^orderId: .*; customer: .*; lines: /],
  [{ ...order, lines: [] }, /^lines: an order needs at least one line/],
  [{ ...order, lines: [{ lineId: '1', sku: 'S', quantity: 0 }] }, /^lines\.0\.quantity: /],
  [{ ...order, customer: { ...order.customer, name: 'a\u0000b' } }, /^customer\.name: must not contain NUL/],
  [{ ...order, customer: { ...order.customer, name: 'a\ud800b' } }, /^customer\.name: must not contain NUL/],
  [{ ...cancellation, specversion: '0.3' }, /^specversion must be "1\.0"/],
  [{ ...cancellation, type: 'baton.anyone.OrderSubmitted.v9' }, /^type must be one of baton\.anyone\.Order/],
  [{ ...cancellation, type: 'baton.orders.OrderPlaced.v1' }, /^type must be one of/],
  [{ ...cancellation, id: '' }, /^id is missing/],
  [{ ...cancellation, source: undefined }, /^source is missing/],
  [{ ...cancellation, time: 'yesterday' }, /^time must be/],
  [{ ...cancellation, datacontenttype: 'text/xml' }, /^datacontenttype/],
  [{ ...cancellation, subject: 'other' }, /^subject "other" and orderId/],
  [{ ...cancellation, data: undefined }, /expected object/],
] as const)('%j is refused with its reason', ([line, reason]) => {
  expect(fault(line)).toMatch(reason);
});

test('bytes that are no UTF-8 are refused by line, and the others are read', () => {
  const input = Buffer.concat([Buffer.from(`${JSON.stringify(order)}\n`), Buffer.from([0x7b, 0xff, 0x0a])]);
  expect(parseLines(input)).toMatchObject({ entries: [{ line: 1 }], faults: [{ line: 2, reason: 'not UTF-8' }] });
});

test('many faults of one line are cut short', () => {
  const lines = Array.from({ length: 9 }, (_, index) => ({ lineId: `${index}`, sku: 'S', quantity: 0 }));
  expect(fault({ ...order, lines })).toMatch(/; and 4 more$/);
});
