import { expect, test } from 'vitest';
import { superstoreOrders } from '../sample/superstore.js';
import { fakeGateway } from '../testing/fake-gateway.js';
import { NOBODY } from '../testing/baton.js';
import { BatonClient, BatonError, BatonUnreachable, everyItem, type StockItem } from '../index.js';

const [order] = superstoreOrders();
if (!order) throw new Error('the sample has no orders');
const fast = { retryDelayMs: 1 };

test('a submission carries the order, and no Idempotency-Key but one that is given', async () => {
  const gateway = await fakeGateway(() => ({ status: 201, body: { orderId: order.orderId, status: 'placed' } }));
  const view = await new BatonClient({ url: gateway.url }).orders.submit(order);
  expect(view.status).toBe('placed');
  expect(gateway.seen).toEqual([{ method: 'POST', path: '/orders', key: undefined, body: order }]);
  await new BatonClient({ url: gateway.url }).orders.submit(order, { idempotencyKey: 'mine' });
  expect(gateway.seen.at(-1)?.key).toBe('mine');
});

test('the address may have a path, and ids are escaped in it', async () => {
  const gateway = await fakeGateway(() => ({ body: {} }));
  await new BatonClient({ url: `${gateway.url}/shop/` }).orders.get('a~b:c/../d');
  expect(gateway.seen[0]?.path).toBe('/shop/orders/a~b%3Ac%2F..%2Fd');
});

test.for(['', 'a b', 'ü', '€', 'x'.repeat(256)])(
  'what can be no Idempotency-Key is not sent: %j',
  async (idempotencyKey) => {
    const gateway = await fakeGateway(() => ({ body: {} }));
    const { orders } = new BatonClient({ url: gateway.url, ...fast });
    await expect(orders.submit(order, { idempotencyKey })).rejects.toThrow(RangeError);
    expect(gateway.seen).toEqual([]);
  },
);

test.for(['', '.', '..'])('what can be no part of a path is not sent as an id: %j', async (id) => {
  const gateway = await fakeGateway(() => ({ body: { orders: [], next: null } }));
  const { orders, stock, sagas } = new BatonClient({ url: gateway.url });
  const asked = [orders.get(id), orders.cancel(id), stock.get(id), stock.replenish('TEA', id, 1), sagas.get(id)];
  for (const { status, reason } of (await Promise.allSettled(asked)) as readonly PromiseRejectedResult[]) {
    expect(status).toBe('rejected');
    expect(reason).toEqual(new RangeError(`${JSON.stringify(id)} is no id.`));
  }
  expect(gateway.seen).toEqual([]);
});

test('an error answer is a BatonError with the problem', async () => {
  const problem = {
    title: 'Bad Request',
    detail: 'lines.0: too small',
    issues: [{ path: ['lines', 0], message: 'too small' }],
  };
  const gateway = await fakeGateway(() => ({ status: 400, body: problem }));
  const refused = new BatonClient({ url: gateway.url }).orders.submit(order);
  await expect(refused).rejects.toSatisfy((error) => error instanceof BatonError && error.status === 400);
  await expect(refused).rejects.toMatchObject({ problem, message: 'lines.0: too small (HTTP 400)' });
  expect(gateway.seen).toHaveLength(1);
});

test('an answer that is no JSON is said to be none of Baton’s', async () => {
  const gateway = await fakeGateway(() => ({ body: '<html>' }));
  await expect(new BatonClient({ url: gateway.url }).stock.list()).rejects.toThrow(
    /not with JSON; is it Baton's gateway/,
  );
});

test('a request that may be repeated is, while a service is away or hangs up', async () => {
  const answers = ['hang up', { status: 503, body: {} }, { status: 201, body: { orderId: 'x' } }] as const;
  let asked = 0;
  const gateway = await fakeGateway(() => answers[asked++] ?? 'hang up');
  await new BatonClient({ url: gateway.url, ...fast }).orders.submit(order);
  expect(gateway.seen.map(({ body }) => body)).toEqual([order, order, order]);
});

test('a replenishment is repeated under one key, so that it counts once', async () => {
  let asked = 0;
  const gateway = await fakeGateway(() => (asked++ === 0 ? 'hang up' : { body: { onHand: 5 } }));
  await new BatonClient({ url: gateway.url, ...fast }).stock.replenish('S', 'West', 5);
  const keys = gateway.seen.map(({ key }) => key);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
  expect(keys[0]).toBeTruthy();
});

test('a wish without a key is never repeated', async () => {
  const gateway = await fakeGateway(() => 'hang up');
  await expect(new BatonClient({ url: gateway.url, ...fast }).orders.cancel('o')).rejects.toBeInstanceOf(
    BatonUnreachable,
  );
  expect(gateway.seen).toHaveLength(1);
});

test('nobody there is a BatonUnreachable that names the address and the reason', async () => {
  const asked = new BatonClient({ url: NOBODY, retries: 0 }).orders.get('o');
  await expect(asked).rejects.toBeInstanceOf(BatonUnreachable);
  await expect(asked).rejects.toThrow(/Baton does not answer at http:\/\/127\.0\.0\.1:9: .+/);
});

test('an answer that takes too long is unreachable too', async () => {
  const never: typeof fetch = (_url, init) =>
    new Promise((_resolve, reject) =>
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error)),
    );
  const asked = new BatonClient({ url: NOBODY, fetch: never, timeoutMs: 5, retries: 0 }).incidents.list();
  await expect(asked).rejects.toThrow('no answer in time');
});

test.for(['', 'localhost:80', 'ftp://x', 'nonsense'])('%j is no address', (url) => {
  expect(() => new BatonClient({ url })).toThrow(RangeError);
});

test('a catalogue is imported in parts that a service reads, and what became of all is told', async () => {
  const gateway = await fakeGateway(({ body }) => {
    const { length } = (body as { readonly items: readonly StockItem[] }).items;
    const counts = { items: length, created: length - 1, changed: 1, unchanged: 0 };
    return { body: { ...counts, keptAtReserved: [{ sku: `S${length}` }], served: [{ orderId: `${length}` }] } };
  });
  const items = Array.from({ length: 2_500 }, (_, index) => ({ sku: `S${index}`, location: 'West', onHand: 1 }));
  expect(await new BatonClient({ url: gateway.url }).stock.import(items)).toEqual({
    items: 2_500,
    created: 2_498,
    changed: 2,
    unchanged: 0,
    keptAtReserved: [{ sku: 'S2000' }, { sku: 'S500' }],
    served: [{ orderId: '2000' }, { orderId: '500' }],
  });
  const sent = gateway.seen.map(({ body }) => (body as { items: unknown[] }).items);
  expect(sent.map((part) => part.length)).toEqual([2_000, 500]);
  expect(sent.flat()).toEqual(items);
});

test('every item of a list is read page by page', async () => {
  const pages = [
    { orders: [1, 2], next: 'b' },
    { orders: [3], next: null },
  ];
  const gateway = await fakeGateway(({ path }) => ({ body: path.includes('after=b') ? pages[1] : pages[0] }));
  const { orders } = new BatonClient({ url: gateway.url });
  const items: unknown[] = [];
  for await (const item of everyItem((page) => orders.list({ ...page, status: 'placed' }), 2)) items.push(item);
  expect(items).toEqual([1, 2, 3]);
  expect(gateway.seen.map(({ path }) => path)).toEqual([
    '/orders?limit=2&status=placed',
    '/orders?limit=2&after=b&status=placed',
  ]);
});
