import { Pipeline, Refused, type Reply } from '@baton/messaging';
import { ZodError } from 'zod';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OrdersApi } from './api.js';
import { ordersConfig } from './config.js';
import type { OrderRecord } from './domain/order.js';
import { SagaViews } from './saga-view.js';
import type { OrderQueries } from './store/order-queries.js';
import { Conversation, order } from './testing/orders.fixture.js';

class FakePipeline extends Pipeline {
  readonly submitted: unknown[][] = [];
  constructor(private readonly reply: Reply = { body: {} }) {
    super();
  }
  override async submit(...args: unknown[]): Promise<Reply> {
    this.submitted.push(args);
    return this.reply;
  }
}

const answer = () => ({ status: vi.fn(), setHeader: vi.fn() });

const COORDINATOR_URL = 'http://coordinator.test';

const api = (pipeline = new FakePipeline(), record?: OrderRecord, trace: string | null = null, config: object = {}) =>
  new OrdersApi(
    pipeline,
    { find: async () => record && { ...record, trace }, list: async () => [] } as unknown as OrderQueries,
    new SagaViews({ COORDINATOR_URL }),
    { COORDINATOR_URL, ...config },
  );

const line = { lineId: '1', sku: 'A', quantity: 1 };
const customer = order().customer;
const bad: readonly (readonly [string, unknown, string])[] = [
  ['no body', undefined, ''],
  ['an array', [], ''],
  ['no id', { ...order(), orderId: undefined }, 'orderId'],
  ['an id with a slash', order({ orderId: 'a/b' }), 'orderId'],
  ['an id of 65 characters', order({ orderId: 'a'.repeat(65) }), 'orderId'],
  ['no lines', order({ lines: [] }), 'lines'],
  ['a line id twice', order({ lines: [line, line] }), 'lines.1.lineId'],
  ...[0, -1, 1e9, 1.5, Number.NaN, '3'].map(
    (quantity) => [`quantity ${quantity}`, { ...order(), lines: [{ ...line, quantity }] }, 'lines.0.quantity'] as const,
  ),
  ['a NUL', order({ customer: { ...customer, name: 'a\0b' } }), 'customer.name'],
  ['a lone surrogate', order({ customer: { ...customer, name: 'a\ud800b' } }), 'customer.name'],
  ['a NUL in an identifier', order({ region: 'Ea\0st' }), 'region'],
  ['SQL in an identifier', order({ orderId: "x'; drop table orders;--" }), 'orderId'],
  ['no mail address', order({ customer: { ...customer, email: 'nobody' } }), 'customer.email'],
  [
    'a mail address with a line break',
    order({ customer: { ...customer, email: 'a@example.test\r\nBcc: b@c.de' } }),
    'customer.email',
  ],
  ['an unknown service level', { ...order(), serviceLevel: 'by-balloon' }, 'serviceLevel'],
];

describe('POST /orders', () => {
  it.each(bad)('refuses %s, and says where', async (_name, body, path) => {
    const pipeline = new FakePipeline();
    const refusal: unknown = await api(pipeline)
      .place(body, undefined, answer())
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ZodError);
    expect((refusal as ZodError).issues.map((issue) => issue.path.join('.'))).toContain(path);
    expect(pipeline.submitted).toEqual([]);
  });

  it('answers with what the reaction said, and where the order is', async () => {
    const pipeline = new FakePipeline({ status: 201, body: { orderId: order().orderId } });
    const response = answer();
    expect(await api(pipeline).place(order(), 'key-1', response)).toEqual({ orderId: order().orderId });
    expect(response.status).toHaveBeenCalledWith(201);
    expect(response.setHeader).toHaveBeenCalledWith('Location', `/orders/${order().orderId}`);
    expect(pipeline.submitted[0]?.[2]).toEqual({ idempotencyKey: 'key-1' });
  });

  it('makes a problem of a rejection', async () => {
    const pipeline = new FakePipeline({ status: 409, body: { code: 'order-id-reused', detail: 'Other content.' } });
    await expect(api(pipeline).place(order(), undefined, answer())).rejects.toMatchObject({
      status: 409,
      code: 'order-id-reused',
      message: 'Other content.',
    });
  });

  it.each(['', 'a b', 'x'.repeat(256), 'ключ'])('refuses the Idempotency-Key %j', async (key) => {
    await expect(api().place(order(), key, answer())).rejects.toThrow(ZodError);
  });
});

describe('GET /orders', () => {
  it.each([
    { limit: '0' },
    { limit: '201' },
    { limit: 'x' },
    { status: 'awaited' },
    { status: 'lost' },
    { after: 'x' },
    { after: ['a', 'b'] },
    { after: '0000-01-01T00:00:00.000Z/a' },
  ])('refuses %j', async (query) => {
    await expect(api().list(query)).rejects.toThrow(ZodError);
  });
});

describe('GET /orders/{id}', () => {
  afterEach(() => vi.unstubAllGlobals());

  const known = (): OrderRecord | undefined => {
    const shop = new Conversation();
    shop.submit();
    return shop.record;
  };
  const coordinator = (respond: () => Promise<Response>) => vi.stubGlobal('fetch', respond);

  it.each(['nobody', 'a\0b', '../secret', '💥'])('knows no order %j', async (orderId) => {
    await expect(api().read(orderId)).rejects.toMatchObject({ status: 404, code: 'unknown-order' });
    await expect(api().cancel('a\0b', undefined, undefined)).rejects.toThrow(Refused);
  });

  it('tells what the coordinator says', async () => {
    coordinator(async () =>
      Response.json({
        sentence: 'Waits for a picker.',
        timeline: [{ at: 'T', fact: 'OrderPlaced', shipment: null, text: 'Placed.' }],
        more: 1,
      }),
    );
    expect(await api(undefined, known()).read(order().orderId)).toMatchObject({
      status: 'placed',
      waitsFor: 'Waits for a picker.',
      timeline: [{ fact: 'OrderPlaced', shipment: 0 }],
      toldBy: 'coordinator',
    });
  });

  it.each([
    ['is away', async () => Promise.reject(new TypeError('fetch failed'))],
    ['fails', async () => Response.json({}, { status: 500 })],
    ['does not know it yet', async () => Response.json({}, { status: 404 })],
    ['talks nonsense', async () => new Response('<html>')],
  ])('tells its own facts when the coordinator %s', async (_name, respond: () => Promise<Response>) => {
    coordinator(respond);
    const detail = await api(undefined, known()).read(order().orderId);
    expect(detail).toMatchObject({ toldBy: 'orders', timeline: [{ fact: 'OrderPlaced' }] });
    expect(detail.waitsFor).toContain('is being prepared');
    expect(JSON.stringify(detail)).not.toMatch(/Bellavance|example\.test/);
  });

  const ID = '4bf92f3577b34da6a3ce929d0e0e4736';
  const TEMPLATE = { TRACE_URL_TEMPLATE: 'http://jaeger.test/trace/{traceId}?by={traceId}' };
  it.each([
    ['recorded', `00-${ID}-00f067aa0ba902b7-01`, TEMPLATE, ID, `http://jaeger.test/trace/${ID}?by=${ID}`],
    [
      'kept with its beginning',
      `00-${ID}-00f067aa0ba902b7-01;baton=1`,
      TEMPLATE,
      ID,
      `http://jaeger.test/trace/${ID}?by=${ID}`,
    ],
    ['not recorded', `00-${ID}-00f067aa0ba902b7-00`, TEMPLATE, ID, null],
    ['recorded where no backend is named', `00-${ID}-00f067aa0ba902b7-01`, {}, ID, null],
    ['nonsense', 'x', TEMPLATE, null, null],
    ['absent', null, TEMPLATE, null, null],
  ])('gives the trace that is %s', async (_name, trace, config, traceId, traceUrl) => {
    coordinator(async () => Response.json({}, { status: 404 }));
    const detail = await api(undefined, known(), trace, config).read(order().orderId);
    expect(detail).toMatchObject({ traceId, traceUrl });
    expect(detail).not.toHaveProperty('trace');
  });
});

describe('TRACE_URL_TEMPLATE', () => {
  it.each(['http://a/trace/{traceId}', 'https://grafana/explore?trace={traceId}'])('may be %s', (template) => {
    expect(ordersConfig.parse({ TRACE_URL_TEMPLATE: template }).TRACE_URL_TEMPLATE).toBe(template);
  });
  it.each(['', 'http://a/trace/', 'jaeger/{traceId}', 'javascript:{traceId}'])('may not be %j', (template) => {
    expect(ordersConfig.safeParse({ TRACE_URL_TEMPLATE: template }).success).toBe(false);
  });
});
