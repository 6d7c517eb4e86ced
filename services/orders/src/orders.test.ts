import { FulfilmentCompleted, OrderCancellationSubmitted, OrderSubmitted, ShipmentDispatched } from '@baton/contracts';
import { encode } from '@baton/messaging';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { type RunningService, startService } from '@baton/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExpireWishes } from './commands.js';
import { orders } from './orders.module.js';
import { order } from './testing/orders.fixture.js';

let database: FreshDatabase;
let transport: MemoryTransport;
let service: RunningService;

beforeAll(async () => {
  database = await freshDatabase();
  transport = new MemoryTransport();
  const env = {
    DATABASE_URL: database.url,
    COORDINATOR_URL: 'http://127.0.0.1:1',
    LOG_LEVEL: process.env.TEST_LOG ?? 'silent',
  };
  service = await startService(orders, { env, transport });
});

afterAll(async () => {
  await service?.stop();
  await database?.drop();
});

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly location: string | null;
  readonly body: Record<string, unknown>;
}

const ask = async (path: string, init: RequestInit = {}): Promise<Answer> => {
  const response = await fetch(`${service.url}${path}`, init);
  const { status, headers } = response;
  const body = (await response.json()) as Record<string, unknown>;
  return { status, type: headers.get('content-type'), location: headers.get('location'), body };
};
const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });

/** Names of the events about an order that were published, in order. */
const published = (orderId: string): readonly string[] =>
  transport.records.filter(({ key }) => key === orderId).map(({ headers }) => headers.ce_type?.split('.')[2] ?? '');
const deadLetters = (key: string) => database.query('select name, reason from held_message where key = $1', [key]);
const orderNamed = (orderId: string) => OrderSubmitted.schema.parse(order({ orderId }));
const deliver = (draft: Parameters<typeof encode>[0]): void =>
  transport.deliver([encode(draft, new Date().toISOString(), {})]);

describe('The orders service over HTTP', () => {
  it('takes an order in, once, and shows it', async () => {
    const placed = await post('/orders', order({ orderId: 'http-1' }));
    expect(placed).toMatchObject({
      status: 201,
      location: '/orders/http-1',
      body: { orderId: 'http-1', status: 'placed' },
    });
    expect(await post('/orders', order({ orderId: 'http-1' }))).toMatchObject({
      status: 200,
      location: '/orders/http-1',
    });
    await eventually(() => expect(published('http-1')).toEqual(['OrderPlaced']));
    const read = await ask('/orders/http-1');
    expect(read).toMatchObject({
      status: 200,
      body: { status: 'placed', toldBy: 'orders', timeline: [{ fact: 'OrderPlaced' }] },
    });
    expect(read.body.waitsFor).toContain('Order http-1 was placed at');
    expect(JSON.stringify(read.body)).not.toMatch(/Bellavance|example\.test/);
  });

  it('refuses another order under the same id, and says so to all', async () => {
    await post('/orders', order({ orderId: 'http-2' }));
    const refused = await post('/orders', order({ orderId: 'http-2', region: 'West' }));
    expect(refused).toMatchObject({
      status: 409,
      type: expect.stringContaining('application/problem+json'),
      body: { type: 'urn:baton:problem:order-id-reused', detail: expect.stringContaining('region') },
    });
    await eventually(() => expect(published('http-2')).toEqual(['OrderPlaced', 'OrderRejected']));
    expect((await post('/orders', order({ orderId: 'http-2' }))).status).toBe(200);
    expect((await ask('/orders/http-2')).body).toMatchObject({ region: 'East' });
  });

  it('refuses an order that could not be read, for a page has its name', async () => {
    expect(await post('/orders', order({ orderId: 'summary' }))).toMatchObject({
      status: 400,
      type: expect.stringContaining('application/problem+json'),
      body: { type: 'urn:baton:problem:order-id-reserved', detail: expect.stringContaining('another id') },
    });
    deliver(OrderSubmitted(orderNamed('summary')));
    await eventually(async () =>
      expect(await deadLetters('summary')).toMatchObject([{ reason: expect.stringContaining('another id') }]),
    );
    expect(published('summary')).toEqual([]);
  });

  it('gives the first answer again under the same Idempotency-Key, and refuses another body', async () => {
    const headers = { 'idempotency-key': 'key-1' };
    const first = await post('/orders', order({ orderId: 'http-3' }), headers);
    expect(first.status).toBe(201);
    expect(await post('/orders', order({ orderId: 'http-3' }), headers)).toEqual(first);
    const other = await post('/orders', order({ orderId: 'http-4' }), headers);
    expect(other).toMatchObject({ status: 422, body: { type: 'urn:baton:problem:idempotency-key-reused' } });
    expect((await ask('/orders/http-4')).status).toBe(404);
    expect(await post('/orders/http-3/cancel', { reason: 'twice' }, headers)).toMatchObject({
      status: 202,
      body: { status: 'cancelling' },
    });
    await post('/orders/http-3/cancel', { reason: 'twice' }, headers);
    await post('/orders/http-3/cancel', {});
    await eventually(() =>
      expect(published('http-3')).toEqual(['OrderPlaced', 'OrderCancellationRequested', 'OrderCancellationRequested']),
    );
  });

  it('takes a cancellation without a body, and knows no order that is not there', async () => {
    await post('/orders', order({ orderId: 'http-5' }));
    expect(await ask('/orders/http-5/cancel', { method: 'POST' })).toMatchObject({ status: 202 });
    for (const path of ['/orders/nobody', '/orders/%00', "/orders/x'%3B--"]) {
      expect(await ask(path)).toMatchObject({ status: 404, type: expect.stringContaining('application/problem+json') });
      expect(await post(`${path}/cancel`, {})).toMatchObject({ status: 404 });
    }
  });

  it.each([
    ['malformed JSON', '{"orderId": ', 400],
    ['no body', '', 400],
    ['a number', '7', 400],
    ['a text', '"an order"', 400],
    ['what is not UTF-8', Buffer.from(JSON.stringify(order()).replace('Adam', 'Ádám'), 'latin1'), 400],
    ['no lines', order({ lines: [] }), 400],
    ['a quantity that is too large', { ...order(), lines: [{ lineId: '1', sku: 'A', quantity: 1e9 }] }, 400],
    ['a NUL', `{"orderId":"x\\u0000"}`, 400],
    ['a lone surrogate', JSON.stringify(order()).replace('Adam', 'A\\ud800'), 400],
    ['10 MB', JSON.stringify(order()).replace('Adam', 'A'.repeat(10_000_000)), 413],
  ])('refuses %s with a problem', async (_name, body, status) => {
    const refused = await post('/orders', body);
    expect(refused).toMatchObject({ status, type: expect.stringContaining('application/problem+json') });
    expect(refused.body).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  });

  it('says what a body is that is JSON and no order', async () => {
    const { body } = await post('/orders', '"an order"');
    expect(body).toMatchObject({
      type: 'urn:baton:problem:invalid-request',
      detail: expect.stringContaining('received string'),
    });
  });

  it.each(['99999999999999999999999', '-1', 'x'])('lists no dead letters after %s', async (after) => {
    expect(await ask(`/dead-letters?after=${after}`)).toMatchObject({
      status: 400,
      body: { issues: [{ path: 'after' }] },
    });
  });

  it('lists and counts', async () => {
    const page = await ask('/orders?limit=2');
    expect(page.body.orders).toHaveLength(2);
    const rest = await ask(`/orders?limit=200&after=${String(page.body.next)}`);
    const { total, byStatus } = (await ask('/orders/summary')).body as {
      total: number;
      byStatus: Record<string, number>;
    };
    expect((rest.body.orders as unknown[]).length + 2).toBe(total);
    const cancelling = await ask('/orders?status=cancelling&limit=200');
    expect(cancelling.body.orders).toHaveLength(byStatus.cancelling ?? -1);
    expect(await ask('/orders?after=x')).toMatchObject({ status: 400, body: { issues: [{ path: 'after' }] } });
  });

  it('describes itself', async () => {
    const { body } = await ask('/openapi.json');
    expect(Object.keys(body.paths as object)).toEqual(
      expect.arrayContaining(['/orders', '/orders/summary', '/orders/{orderId}', '/orders/{orderId}/cancel']),
    );
    expect(JSON.stringify(body)).toContain('"quantity"');
  });
});

describe('The orders service over its topics', () => {
  it('takes orders in from anybody, as CloudEvents and as plain JSON', async () => {
    deliver(OrderSubmitted(orderNamed('intake-1')));
    transport.deliver([
      {
        topic: 'orders-intake',
        key: 'intake-2',
        headers: {},
        value: Buffer.from(JSON.stringify(order({ orderId: 'intake-2' }))),
      },
    ]);
    await eventually(() =>
      expect([published('intake-1'), published('intake-2')]).toEqual([['OrderPlaced'], ['OrderPlaced']]),
    );
  });

  it('puts bad submissions aside with the reason, and goes on with the orders around them', async () => {
    const submitted = encode(OrderSubmitted(orderNamed('bad-1')), new Date().toISOString(), {});
    const other = { ...orderNamed('bad-1'), region: 'West' };
    transport.deliver([
      encode(OrderSubmitted(orderNamed('before')), new Date().toISOString(), {}),
      submitted,
      { ...submitted, value: Buffer.from(JSON.stringify(other)), headers: { ...submitted.headers, ce_id: 'another' } },
      { ...submitted, key: 'bad-2', value: Buffer.from('{"orderId":') },
      { ...submitted, key: 'bad-3', value: Buffer.from(JSON.stringify(order({ orderId: 'bad-3', lines: [] }))) },
      { ...submitted, key: 'bad-4' },
      encode(OrderSubmitted(orderNamed('after')), new Date().toISOString(), {}),
    ]);
    await eventually(() =>
      expect([...published('before'), ...published('after')]).toEqual(['OrderPlaced', 'OrderPlaced']),
    );
    await eventually(() => expect(published('bad-1')).toEqual(['OrderPlaced', 'OrderRejected']));
    expect(await deadLetters('bad-1')).toMatchObject([{ reason: expect.stringContaining('region') }]);
    for (const key of ['bad-2', 'bad-3', 'bad-4']) expect(await deadLetters(key)).toHaveLength(1);
    expect(await ask('/orders/bad-1')).toMatchObject({ status: 200, body: { region: 'East' } });
  });

  it('keeps a wish that comes before its order', async () => {
    deliver(OrderCancellationSubmitted({ orderId: 'early-1', reason: 'ordered twice' }));
    await eventually(async () =>
      expect(await database.query(`select status from orders where order_id = 'early-1'`)).toEqual([
        { status: 'awaited' },
      ]),
    );
    expect((await ask('/orders/early-1')).status).toBe(404);
    deliver(OrderSubmitted(orderNamed('early-1')));
    await eventually(() => expect(published('early-1')).toEqual(['OrderPlaced', 'OrderCancellationRequested']));
    expect((await ask('/orders/early-1')).body).toMatchObject({ status: 'cancelling', cancellationWishes: 1 });
  });

  it('cancels an order that came at last, when the dead letter of its wish is tried again', async () => {
    const wishes = [{ id: 'wish-1', at: '2026-01-01T00:00:00.000Z', reason: 'ordered twice' }];
    await service.pipeline?.submit(ExpireWishes, { orderId: 'late-1', wishes });
    const { items } = (await ask('/dead-letters?limit=200')).body as { items: { id: string; key: string }[] };
    const id = items.find(({ key }) => key === 'late-1')?.id;
    await post('/orders', order({ orderId: 'late-1' }));
    expect((await post(`/dead-letters/${id}/redrive`, {})).status).toBe(202);
    await eventually(() => expect(published('late-1')).toEqual(['OrderPlaced', 'OrderCancellationRequested']));
    expect(await deadLetters('late-1')).toEqual([]);
    expect((await ask('/orders/late-1')).body).toMatchObject({ status: 'cancelling', cancellationWishes: 1 });
  });

  it('follows an order to its end, and changes nothing when all topics come again', async () => {
    await post('/orders', order({ orderId: 'follow-1' }));
    const parcel = { orderId: 'follow-1', shipment: 1, attempt: 1, carrier: 'swift', trackingNumber: 'T-1' };
    deliver(ShipmentDispatched({ ...parcel, dispatchedAt: '2026-11-23T10:00:00.000Z' }));
    const lines = [{ lineId: '160', sku: 'A', quantity: 1, shipment: 1, outcome: 'delivered' as const }];
    deliver(FulfilmentCompleted({ orderId: 'follow-1', lines }));
    await eventually(async () => expect((await ask('/orders/follow-1')).body.status).toBe('completed'));
    const said = transport.records.length;
    const rows = await database.query('select * from orders order by order_id');
    for (const topic of ['orders-intake', 'shipping', 'fulfilment']) transport.repeat(topic);
    deliver(OrderSubmitted(orderNamed('last')));
    await eventually(() => expect(published('last')).toEqual(['OrderPlaced']));
    expect(transport.records.length).toBe(said + 1);
    expect(await database.query(`select * from orders where order_id <> 'last' order by order_id`)).toEqual(rows);
  });
});
