import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OrderCancellationSubmitted } from '@baton/contracts';
import { afterAll, expect, test } from 'vitest';
import { superstoreOrders } from '../../sample/superstore.js';
import { baton, NOBODY } from '../../testing/baton.js';
import { type FakeGateway, fakeGateway } from '../../testing/fake-gateway.js';

const folder = mkdtempSync(join(tmpdir(), 'baton-publish-'));
afterAll(() => rmSync(folder, { recursive: true }));

const orders = superstoreOrders().slice(0, 30);
const jsonLines = (...values: readonly unknown[]): string =>
  `${values.map((value) => JSON.stringify(value)).join('\n')}\n`;
const bad = { ...orders[0], lines: [] };
const idOf = ({ body }: { readonly body: unknown }): string => (body as { readonly orderId?: string }).orderId ?? '';
const keysOf = ({ seen }: FakeGateway): readonly string[] => seen.map(idOf);
const created = () => ({ status: 201, body: {} });

test('a file is sent, each order under its own id', async () => {
  const gateway = await fakeGateway(created);
  const file = join(folder, 'orders.jsonl');
  writeFileSync(file, jsonLines(...orders));
  const { code, out } = await baton(['publish', file], gateway);
  expect({ code, out }).toEqual({ code: 0, out: '30 events accepted.\n' });
  expect(keysOf(gateway).toSorted()).toEqual(orders.map(({ orderId }) => orderId).toSorted());
  expect(gateway.seen.every(({ path }) => path === '/orders')).toBe(true);
  expect(gateway.mostAtOnce).toBeLessThanOrEqual(8);
});

test('standard input is sent one at a time if that is asked for, and the result is JSON', async () => {
  const gateway = await fakeGateway(created);
  const stdin = jsonLines(...orders);
  const { code, out } = await baton(['publish', '-', '--concurrency', '1', '--json'], { url: gateway.url, stdin });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({ published: 30, refused: [], skipped: [] });
  expect(gateway.mostAtOnce).toBe(1);
  expect(keysOf(gateway)).toEqual(orders.map(({ orderId }) => orderId));
});

test('a cancellation is sent under the id of its event, whatever that is', async () => {
  const gateway = await fakeGateway(() => ({ status: 202, body: {} }));
  const event = {
    specversion: '1.0',
    type: OrderCancellationSubmitted.type,
    source: '/shop',
    data: { orderId: 'o-1' },
  };
  const ids = ['wish/1', 'Wunsch 1', 'Kündigung €', 'x'.repeat(300)];
  const stdin = jsonLines(...ids.map((id) => ({ ...event, id })));
  expect(await baton(['publish', '-'], { url: gateway.url, stdin })).toMatchObject({
    code: 0,
    out: '4 events accepted.\n',
  });
  const keys = gateway.seen.map(({ key }) => key);
  expect(keys[0]).toBe('wish/1');
  expect(keys).toEqual([...new Set(keys)]);
  for (const key of keys) expect(key).toMatch(/^[\x21-\x7e]{1,255}$/);
  await baton(['publish', '-'], { url: gateway.url, stdin });
  expect(gateway.seen.slice(4).map(({ key }) => key)).toEqual(keys);
});

test('nothing of an invalid file is sent, and its faults are listed with their lines, twenty of them', async () => {
  const gateway = await fakeGateway(created);
  const stdin = jsonLines(orders[0], ...Array.from({ length: 25 }, () => bad), orders[1]);
  const { code, out, err } = await baton(['publish', '-'], { url: gateway.url, stdin });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err.trimEnd().split('\n')).toEqual([
    ...Array.from({ length: 20 }, (_, index) => `standard input:${index + 2}: lines: an order needs at least one line`),
    '… and 5 more lines that are no events',
    'baton: 25 lines of standard input not valid; nothing was sent. --skip-invalid leaves them out.',
  ]);
  expect(gateway.seen).toEqual([]);
});

test('--skip-invalid sends the others, and still says what was wrong', async () => {
  const gateway = await fakeGateway(created);
  const stdin = `not json\n${jsonLines(orders[0], bad, orders[1])}`;
  const { code, out, err } = await baton(['publish', '-', '--skip-invalid'], { url: gateway.url, stdin });
  expect({ code, out }).toEqual({ code: 0, out: '2 events accepted, 2 lines skipped.\n' });
  expect(err).toMatch(/^standard input:1: not JSON.*\nstandard input:3: lines: /);
  expect(gateway.seen).toHaveLength(2);
});

test('an input without any event is a mistake', async () => {
  const { code, err } = await baton(['publish', '-'], { url: NOBODY, stdin: '\n\n' });
  expect({ code, err }).toEqual({ code: 2, err: 'baton: There is no event in standard input.\n' });
});

test('a refusal does not stop the others, names its line, and ends in 1', async () => {
  const gateway = await fakeGateway((request) =>
    idOf(request) === orders[1]?.orderId ? { status: 409, body: { detail: 'Another order has this id.' } } : created(),
  );
  const { code, out, err } = await baton(['publish', '-'], { url: gateway.url, stdin: jsonLines(...orders) });
  expect({ code, out }).toEqual({ code: 1, out: '29 events accepted, 1 refused.\n' });
  expect(err).toBe(`line 2: order ${orders[1]?.orderId} was refused: Another order has this id. (HTTP 409)\n`);
  const machines = await baton(['publish', '-', '--json'], { url: gateway.url, stdin: jsonLines(...orders) });
  expect(JSON.parse(machines.out)).toMatchObject({ published: 29, refused: [{ line: 2, status: 409 }] });
});

test('a cancellation follows its order, under the id of its event', async () => {
  const [order] = orders;
  const cancellation = {
    specversion: '1.0',
    type: OrderCancellationSubmitted.type,
    id: 'wish-1',
    source: '/shop',
    data: { orderId: order?.orderId, reason: 'too late' },
  };
  const gateway = await fakeGateway(created);
  const { code } = await baton(['publish', '-'], { url: gateway.url, stdin: jsonLines(order, cancellation) });
  expect(code).toBe(0);
  expect(gateway.seen).toMatchObject([
    { path: '/orders', key: undefined, body: { orderId: order?.orderId } },
    { path: `/orders/${order?.orderId}/cancel`, key: 'wish-1', body: { reason: 'too late' } },
  ]);
});

test('orders of the sample are sent from where it was asked, with the suffix of their round', async () => {
  const gateway = await fakeGateway(created);
  const args = ['publish', '--sample', 'superstore', '--count', '3', '--from', '2', '--round', '2'];
  const { code, out } = await baton(args, gateway);
  expect({ code, out }).toEqual({ code: 0, out: '3 events accepted.\n' });
  expect(keysOf(gateway).toSorted()).toEqual(
    orders
      .slice(1, 4)
      .map(({ orderId }) => `${orderId}-r2`)
      .toSorted(),
  );
});

test('nobody there ends in 3 and says how far it came', async () => {
  const { code, err } = await baton(['publish', '-'], { url: NOBODY, stdin: jsonLines(orders[0]) });
  expect(code).toBe(3);
  expect(err).toMatch(/^0 of 1 event sent\. Sending all again is safe\.\nbaton: Baton does not answer/);
});

test('a service that is away ends it in 3, after it has said how far it came', async () => {
  const away = { status: 502, body: { detail: 'The service orders cannot be reached right now.' } };
  const isLate = (request: Parameters<typeof idOf>[0]): boolean =>
    orders.findIndex(({ orderId }) => orderId === idOf(request)) >= 3;
  const gateway = await fakeGateway((request) => (isLate(request) ? away : created()));
  const args = ['publish', '-', '--concurrency', '1'];
  const { code, out, err } = await baton(args, { url: gateway.url, stdin: jsonLines(...orders) });
  expect({ code, out }).toEqual({ code: 3, out: '' });
  expect(err).toContain('3 of 30 events sent. Sending all again is safe.');
  expect(err).toContain('cannot be reached right now');
  expect(new Set(keysOf(gateway)).size).toBe(4);
});
