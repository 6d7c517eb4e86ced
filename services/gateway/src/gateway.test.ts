import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { startService, type RunningService } from '@baton/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gateway } from './gateway.module.js';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let seen: Seen[] = [];
let behave: (response: ServerResponse, url: string) => void = (response) => json(response, { ok: true });
const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

const documents: Readonly<Record<string, object>> = {
  paths: {
    '/orders': { post: { summary: 'Hand over an order', requestBody: { $ref: '#/components/schemas/Order' } } },
    '/dead-letters': { get: {} },
    '/health/live': { get: {} },
  },
  components: { schemas: { Order: { type: 'object' } } },
};

/** Stands in for all services at once, and tells what it was asked. */
let services: Server;
let running: RunningService;
let address: string;

beforeAll(async () => {
  services = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString('latin1') });
      if (url === '/openapi.json') json(response, documents);
      else behave(response, url ?? '');
    });
    request.on('error', () => {});
  });
  await new Promise<void>((resolve) => services.listen(0, '127.0.0.1', resolve));
  const up = `http://127.0.0.1:${(services.address() as AddressInfo).port}`;
  running = await startService(gateway, {
    env: {
      LOG_LEVEL: 'silent',
      ORDERS_URL: up,
      COORDINATOR_URL: up,
      // Nothing listens at port 1.
      INVENTORY_URL: 'http://127.0.0.1:1',
      WAREHOUSE_URL: up,
      SHIPPING_URL: `${up}/`,
      NOTIFICATION_URL: up,
      UPSTREAM_TIMEOUT_MS: '300',
    },
  });
  address = running.url;
});

afterAll(async () => {
  await running?.stop();
  services?.closeAllConnections();
  await new Promise((resolve) => services.close(resolve));
});

const fresh = (behaviour: typeof behave = (response) => json(response, { ok: true })): void => {
  seen = [];
  behave = behaviour;
};

/** Sends a body without saying how long it is. */
const chunked = (path: string, bytes: number): Promise<{ status: number | undefined; type: string | undefined }> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(`${address}${path}`, { method: 'POST' }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, type: response.headers['content-type'] });
    });
    request.on('error', reject);
    for (let sent = 0; sent < bytes; sent += 65_536) request.write(Buffer.alloc(65_536, 97));
    request.end();
  });

describe('The gateway', () => {
  it('passes a request on with its path, query, trace and bytes, and says for whom', async () => {
    fresh((response) => json(response, { placed: true }, 201));
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const body = '{ "text":  "ü🎁",\r\n"b":1}  ';
    const response = await fetch(`${address}/webhooks/carrier/swift?a=%2Fb`, {
      method: 'POST',
      body,
      headers: { traceparent, 'x-signature': 'abc', 'content-type': 'application/json' },
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ placed: true });
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: '/webhooks/carrier/swift?a=%2Fb',
        body: Buffer.from(body).toString('latin1'),
        headers: {
          traceparent,
          'x-signature': 'abc',
          'x-forwarded-proto': 'http',
          'x-forwarded-host': address.slice(7),
        },
      },
    ]);
  });

  it.each(['/orders', '/sagas/1', '/incidents', '/pick-lists/1/claim', '/shipments', '/notifications?orderId=1'])(
    'knows who answers %s',
    async (path) => {
      fresh();
      expect((await fetch(`${address}${path}`)).status).toBe(200);
      expect(seen.map(({ url }) => url)).toEqual([path]);
    },
  );

  it('gives the dead letters of each service a place of their own', async () => {
    fresh();
    await fetch(`${address}/dead-letters/orders?state=dead`);
    await fetch(`${address}/dead-letters/shipping/7/redrive`, { method: 'POST' });
    expect(seen.map(({ url }) => url)).toEqual(['/dead-letters?state=dead', '/dead-letters/7/redrive']);
  });

  it('passes malformed JSON on, and the service’s problem back', async () => {
    fresh((response) => json(response, { type: 'urn:baton:problem:malformed-json' }, 400));
    const response = await fetch(`${address}/orders`, { method: 'POST', body: '{"orderId":' });
    expect(response.status).toBe(400);
    expect(seen[0]?.body).toBe('{"orderId":');
  });

  it.each(['/nobody', '/ordersX', '/mails', '/health/else', '/webhooks'])(
    'answers %s itself: not found',
    async (path) => {
      fresh();
      const response = await fetch(`${address}${path}`);
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      expect(seen).toEqual([]);
    },
  );

  it('names the service that cannot be reached', async () => {
    const response = await fetch(`${address}/stock`);
    expect(response.status).toBe(502);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({
      type: 'urn:baton:problem:service-unreachable',
      service: 'inventory',
    });
  });

  it('names the service that does not answer in time, and the one that hangs up', async () => {
    fresh(() => {});
    const late = await fetch(`${address}/sagas/1`);
    expect(late.status).toBe(504);
    expect(await late.json()).toMatchObject({ type: 'urn:baton:problem:service-timeout', service: 'coordinator' });
    fresh((response) => response.destroy());
    expect((await fetch(`${address}/sagas/1`)).status).toBe(502);
    fresh();
    expect((await fetch(`${address}/sagas/1`)).status).toBe(200);
  });

  it('refuses a body that is too large, whether or not its length is said', async () => {
    fresh();
    const large = await fetch(`${address}/orders`, { method: 'POST', body: 'x'.repeat(10 * 1024 * 1024) });
    expect(large.status).toBe(413);
    expect(await large.json()).toMatchObject({ type: 'urn:baton:problem:body-too-large', limit: 1024 * 1024 });
    expect(await chunked('/orders', 3 * 1024 * 1024)).toMatchObject({ status: 413, type: 'application/problem+json' });
    expect(seen).toEqual([]);
    expect(await chunked('/orders', 512 * 1024)).toMatchObject({ status: 200 });
    expect(await chunked('/pick-lists', 1024 * 1024)).toMatchObject({ status: 200 });
    // Large enough for a catalogue, and only then not reached.
    expect((await fetch(`${address}/stock/import`, { method: 'POST', body: 'x'.repeat(2 * 1024 * 1024) })).status).toBe(
      502,
    );
  });

  it('says what is there, to people and to programs', async () => {
    fresh();
    expect(await (await fetch(address)).json()).toMatchObject({
      openapi: '/openapi.json',
      parts: expect.arrayContaining([expect.objectContaining({ path: '/orders', service: 'orders' })]),
    });
    const page = await fetch(address, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('href="/docs"');
  });

  it('makes one API of those of the services, and says who did not answer', async () => {
    fresh();
    const api = (await (await fetch(`${address}/openapi.json`)).json()) as {
      paths: object;
      components: { schemas: object };
      info: object;
    };
    expect(api.info).toMatchObject({ description: expect.stringContaining('(inventory did not answer.)') });
    expect(api.paths).toMatchObject({
      '/orders': { post: { requestBody: { $ref: '#/components/schemas/orders.Order' } } },
    });
    expect(Object.keys(api.paths)).toEqual(
      expect.arrayContaining(['/orders', '/dead-letters/orders', '/dead-letters/shipping']),
    );
    expect(Object.keys(api.paths)).not.toContain('/dead-letters');
    expect(Object.keys(api.components.schemas)).toContain('orders.Order');
    const docs = await (await fetch(`${address}/docs`)).text();
    expect(docs).toContain('Hand over an order');
  });

  it('is as healthy as all services, and says which one is not', async () => {
    fresh();
    const response = await fetch(`${address}/health`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: 'down',
      services: {
        orders: { status: 'up' },
        coordinator: { status: 'up' },
        inventory: { status: 'down', detail: 'does not answer' },
        warehouse: { status: 'up' },
        shipping: { status: 'up' },
        notification: { status: 'up' },
      },
    });
    expect((await fetch(`${address}/health/live`)).status).toBe(200);
  });
});
