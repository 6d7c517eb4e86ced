import { expect, test } from 'vitest';
import { baton, NOBODY } from '../testing/baton.js';
import { type Answer, fakeGateway, type Seen } from '../testing/fake-gateway.js';

const AT = '2026-11-08T09:30:00.000Z';
const order = {
  orderId: 'o-1',
  status: 'delayed',
  statusSince: AT,
  placedAt: AT,
  lines: [{ lineId: '1', sku: 'FUR-1', quantity: 2 }],
  waitsFor: 'Order o-1 waits for stock since 09:30.',
  timeline: [
    { at: AT, fact: 'OrderPlaced', shipment: 0, text: 'The order was placed.' },
    { at: AT, fact: 'StockShort', shipment: 1, text: 'Stock was short.' },
    // As the coordinator says it.
    { at: AT, fact: 'BackorderPlaced', shipment: 2, text: 'Shipment 2: it waits for stock.' },
  ],
};
const summary = { orderId: 'o-1', status: 'delayed', statusSince: AT, placedAt: AT, lines: 1, units: 2 };
const stock = {
  sku: 'FUR-1',
  name: 'Bookcase \u001b[31mred\n¾',
  waiting: 2,
  available: 1,
  levels: [
    { location: 'South', onHand: 3, reserved: 3, available: 0 },
    { location: 'West', onHand: 1, reserved: 0, available: 1 },
  ],
};
const incident = {
  incidentId: 'i-1',
  orderId: 'o-1',
  shipment: 1,
  step: 'dispatch',
  reason: 'The carrier does not answer.',
  owner: 'shipping-desk',
  dueAt: AT,
  openedAt: AT,
};

const answers = ({ method, path }: Seen): Answer => {
  if (path.startsWith('/orders?')) return { body: { orders: [summary], next: null } };
  if (path === '/orders/o-1') return { body: order };
  if (path === '/orders/o-1/cancel') return { status: 202, body: { ...order, status: 'cancelling' } };
  if (path.startsWith('/stock?')) return { body: { stock: [stock], next: null } };
  if (path === '/stock/FUR-1') return { body: stock };
  if (method === 'POST' && path === '/stock/FUR-1/West/replenishments') {
    const served = [{ orderId: 'o-1', shipment: 2 }];
    return { body: { sku: 'FUR-1', location: 'West', onHand: 6, reserved: 2, available: 4, served } };
  }
  if (path.startsWith('/incidents?')) return { body: { incidents: [incident], next: null } };
  return { status: 404, body: { title: 'Not Found', detail: 'There is no such order.' } };
};

const lines = (text: string): readonly string[] => text.trimEnd().split('\n');

test('orders are a table for people, and JSON for machines', async () => {
  const gateway = await fakeGateway(answers);
  const people = await baton(['orders'], gateway);
  expect(people).toMatchObject({ code: 0, err: '' });
  expect(lines(people.out)).toEqual([
    expect.stringMatching(/^order +status +since +placed +lines +units$/),
    expect.stringMatching(/^o-1 +delayed +2026-11-08T09:30:00\.000Z +2026-11-08T09:30:00\.000Z +1 +2$/),
  ]);
  const machines = await baton(['orders', '--json', '--status', 'delayed', '--limit', '7'], gateway);
  expect(JSON.parse(machines.out)).toEqual([summary]);
  expect(gateway.seen.at(-1)?.path).toBe('/orders?limit=7&status=delayed');
});

test('a list that was cut off says so to people', async () => {
  const more = { ...summary, orderId: 'o-2' };
  const gateway = await fakeGateway(({ path }) => ({
    body: path.includes('after=') ? { orders: [more], next: null } : { orders: [summary], next: 'o-1' },
  }));
  expect(lines((await baton(['orders', '--limit', '1'], gateway)).out).slice(2)).toEqual([
    '',
    'The first 1; there are more, which --limit N shows.',
  ]);
  expect(lines((await baton(['orders', '--limit', '2'], gateway)).out)).toHaveLength(3);
  expect(JSON.parse((await baton(['orders', '--limit', '1', '--json'], gateway)).out)).toEqual([summary]);
});

test('a SKU that no location ever held stands in the table, too', async () => {
  const nowhere = { ...stock, sku: 'FUR-0', name: null, levels: [] };
  const gateway = await fakeGateway(() => ({ body: { stock: [nowhere, stock], next: null } }));
  const rows = lines((await baton(['stock'], gateway)).out);
  expect(rows[1]).toBe('FUR-0  —               —         —          —');
  expect(rows[2]).toMatch(/^FUR-1 {2}South +3 +3 +0 {2}Bookcase/);
});

test.each([
  ['order', 'o-1'],
  ['stock'],
  ['orders'],
  ['order', 'o-1', '--json'],
  ['stock', '--json'],
  ['kpis', '--json'],
])('nothing that a service says moves the cursor or changes the direction: %j', async (...args) => {
  const evil = 'a\u001b[2J\u009b2J\u007f\u202eb\u2028';
  const told = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value), (_, each: unknown) => (typeof each === 'string' ? evil : each));
  const gateway = await fakeGateway((seen) => ({
    ...(answers(seen) as object),
    status: 200,
    body: told((answers(seen) as { readonly body: unknown }).body),
  }));
  const { code, out } = await baton(args, gateway);
  expect(code).toBe(0);
  expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
  if (args.includes('--json')) expect(JSON.stringify(JSON.parse(out))).toContain(JSON.stringify(evil).slice(1, -1));
});

test('columns stay in line whatever the width of their characters', async () => {
  const wide = { ...stock, sku: 'FUR-2', name: '日本橋 😀', levels: [{ ...stock.levels[0], location: 'Zürich' }] };
  const gateway = await fakeGateway(() => ({ body: { stock: [wide, stock], next: null } }));
  const rows = lines((await baton(['stock'], gateway)).out);
  expect(rows[1]).toBe('FUR-2  Zürich          3         3          0  日本橋 😀');
  expect(rows[2]?.startsWith('FUR-1  South           3         3          0  Bookcase')).toBe(true);
});

test.each([
  ['with its address', 'http://jaeger.test/trace/ab12', 'Trace: http://jaeger.test/trace/ab12'],
  ['by its id where no backend is named', null, 'Trace: ab12'],
])('an order shows its trace %s', async (_name, traceUrl, expected) => {
  const gateway = await fakeGateway(() => ({ body: { ...order, traceId: 'ab12', traceUrl } }));
  expect(lines((await baton(['order', 'o-1'], gateway)).out).slice(-2)).toEqual(['', expected]);
});

test('an order shows what it waits for and what happened', async () => {
  const gateway = await fakeGateway(answers);
  const { out, code } = await baton(['order', 'o-1'], gateway);
  expect(code).toBe(0);
  expect(lines(out)).toEqual([
    'o-1  delayed since 2026-11-08T09:30:00.000Z',
    'Order o-1 waits for stock since 09:30.',
    '',
    'line  SKU    quantity',
    '1     FUR-1         2',
    '',
    'What happened:',
    '  2026-11-08T09:30:00.000Z  The order was placed.',
    '  2026-11-08T09:30:00.000Z  shipment 1: Stock was short.',
    '  2026-11-08T09:30:00.000Z  Shipment 2: it waits for stock.',
  ]);
  expect(JSON.parse((await baton(['order', 'o-1', '--json'], gateway)).out)).toEqual(order);
});

test('a cancellation is asked for with its reason', async () => {
  const gateway = await fakeGateway(answers);
  const { code, out } = await baton(['cancel', 'o-1', '--reason', 'too late'], gateway);
  expect(code).toBe(0);
  expect(out).toContain('Asked to cancel order o-1');
  expect(gateway.seen[0]).toMatchObject({ path: '/orders/o-1/cancel', body: { reason: 'too late' } });
});

test('stock is listed by SKU and location, and no text of somebody else moves the cursor', async () => {
  const gateway = await fakeGateway(answers);
  for (const args of [['stock'], ['stock', 'FUR-1']]) {
    const { out, code } = await baton(args, gateway);
    expect(code).toBe(0);
    expect(lines(out)).toEqual([
      expect.stringMatching(/^SKU +location +on hand +reserved +available +name$/),
      expect.stringMatching(/^FUR-1 +South +3 +3 +0 +Bookcase �\[31mred�¾$/),
      expect.stringMatching(/^FUR-1 +West +1 +0 +1 +Bookcase/),
    ]);
  }
});

test('a replenishment says the new level and who got what they waited for', async () => {
  const gateway = await fakeGateway(answers);
  const { out, code } = await baton(['replenish', 'FUR-1', 'West', '5'], gateway);
  expect(code).toBe(0);
  expect(lines(out)).toEqual(['FUR-1 at West: 6 on hand, 2 reserved.', 'Order o-1 got what it waited for.']);
  expect(gateway.seen[0]?.body).toEqual({ quantity: 5 });
});

test('incidents name who has to act, and by when', async () => {
  const gateway = await fakeGateway(answers);
  const { out, code } = await baton(['incidents'], gateway);
  expect(code).toBe(0);
  expect(out).toMatch(/o-1 +1 +dispatch +shipping-desk +2026-11-08T09:30:00\.000Z +The carrier does not answer\./);
});

test('1: a service said no', async () => {
  const gateway = await fakeGateway(answers);
  expect(await baton(['order', 'o-2'], gateway)).toEqual({
    code: 1,
    out: '',
    err: 'baton: There is no such order. (HTTP 404)\n',
  });
});

test('1: a service failed, and what it says stays on one line', async () => {
  const gateway = await fakeGateway(() => ({ status: 500, body: { detail: 'a\n\u001b[2Jb' } }));
  expect(await baton(['order', 'o-2'], gateway)).toMatchObject({ code: 1, err: 'baton: a��[2Jb (HTTP 500)\n' });
});

test.for([
  [['ordersx'], /unknown command 'ordersx'/],
  [['order'], /missing required argument 'order-id'/],
  [['order', 'a b'], /must be 1 to 64 letters, digits/],
  [['order', 'o-1', 'o-2'], /too many arguments/],
  [['orders', '--status', 'lost'], /Allowed choices are placed, delayed/],
  [['orders', '--limit', '0'], /whole number from 1/],
  [['orders', '--colour'], /unknown option '--colour'/],
  [['orders', '--url', 'nonsense'], /"nonsense" is no http\(s\) address/],
  [['replenish', 'S', 'West', '0'], /whole number from 1 to 1000000000/],
  [['replenish', 'S', 'West', '1.5'], /whole number/],
  [['replenish', 'S', 'West', '1e3'], /whole number/],
  [['publish'], /Name a FILE of JSON lines/],
  [['publish', '/does/not/exist'], /\/does\/not\/exist can not be read/],
  [['publish', '-', '--kafka', 'nobroker'], /It must be host:port/],
  [['publish', '--sample', 'nothing'], /Allowed choices are superstore/],
  [['publish', 'x', '--sample', 'superstore'], /which of the two/],
  [['publish', '--sample', 'superstore', '--from', '6000'], /There is no event in the superstore sample/],
  [[], /Usage: baton/],
] as const)('2: the command line %j is wrong', async ([args, reason]) => {
  const { code, out, err } = await baton(args);
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(err).toMatch(reason);
  expect(err).not.toMatch(/^\s+at /m);
});

test('3: nobody answers, and the address is named', async () => {
  const { code, err } = await baton(['replenish', 'S', 'West', '1'], { url: NOBODY });
  expect(code).toBe(3);
  expect(err).toMatch(/^baton: Baton does not answer at http:\/\/127\.0\.0\.1:9: .+\n$/);
});

test('3: the gateway answers for a service that nobody reaches', async () => {
  const gateway = await fakeGateway(() => ({ status: 502, body: { detail: 'orders is away' } }));
  expect((await baton(['cancel', 'o-1'], gateway)).code).toBe(3);
});

test.each(['http://ops:s3cret@127.0.0.1:9/', 'http://s3cret@127.0.0.1:9/'])(
  '2: an address with a secret in it is refused, and not repeated: %s',
  async (url) => {
    for (const ran of [await baton(['orders', '--url', url]), await baton(['orders'], { url })]) {
      expect(ran).toEqual({ code: 2, out: '', err: expect.stringContaining('must have no user or password in it') });
      expect(ran.err).not.toContain('s3cret');
    }
  },
);

test('--url goes before BATON_URL', async () => {
  const gateway = await fakeGateway(answers);
  expect((await baton(['orders', '--url', gateway.url], { url: NOBODY })).code).toBe(0);
});

test('0: help is no failure', async () => {
  const { code, out, err } = await baton(['--help']);
  expect(code).toBe(0);
  expect(out).toContain('Exit codes:');
  expect(err).toBe('');
});
