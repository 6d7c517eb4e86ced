import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { eventually } from '@baton/messaging/testing';
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
let env: Readonly<Record<string, string>>;
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
  env = {
    LOG_LEVEL: 'silent',
    ORDERS_URL: up,
    COORDINATOR_URL: up,
    // Nothing listens at port 1.
    INVENTORY_URL: 'http://127.0.0.1:1',
    WAREHOUSE_URL: up,
    SHIPPING_URL: `${up}/`,
    NOTIFICATION_URL: up,
    UPSTREAM_TIMEOUT_MS: '300',
  };
  running = await startService(gateway, { env });
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
const chunked = (
  path: string,
  bytes: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number | undefined; type: string | undefined }> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(`${address}${path}`, { method: 'POST', headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, type: response.headers['content-type'] });
    });
    request.on('error', reject);
    for (let sent = 0; sent < bytes; sent += 65_536) request.write(Buffer.alloc(65_536, 97));
    request.end();
  });

/** The status line of the answer to a request line as it stands here. */
const statusOf = (requestLine: string): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const { host, hostname, port } = new URL(address);
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${requestLine} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    });
    let answer = '';
    socket.on('data', (data) => (answer += String(data)));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer.split('\r\n')[0]));
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

  it('counts a body of unknown length also where the service has another path for it', async () => {
    fresh();
    expect((await chunked('/dead-letters/orders/7/discard', 3 * 1024 * 1024)).status).toBe(413);
    expect(seen).toEqual([]);
  });

  it('keeps to its limits for a client that waits for 100 Continue', async () => {
    const expectant = { expect: '100-continue' };
    fresh(() => {});
    expect((await chunked('/orders', 100, expectant)).status).toBe(504);
    fresh();
    expect((await chunked('/orders', 3 * 1024 * 1024, expectant)).status).toBe(413);
    expect(seen).toEqual([]);
  });

  it.each(['cross-site', 'same-site'])('refuses what a page of another site would change: %s', async (site) => {
    fresh();
    const headers = { 'sec-fetch-site': site };
    for (const [path, method] of [
      ['/orders/1/cancel', 'POST'],
      ['/stock/1', 'PUT'],
      ['/orders/1', 'PATCH'],
      ['/orders/1', 'DELETE'],
    ] as const) {
      const refused = await fetch(`${address}${path}`, { method, headers });
      expect(refused.status).toBe(403);
      expect(refused.headers.get('content-type')).toBe('application/problem+json');
      expect(await refused.json()).toMatchObject({ type: 'urn:baton:problem:cross-site', status: 403 });
    }
    expect(seen).toEqual([]);
    expect((await fetch(`${address}/orders`, { headers })).status).toBe(200);
  });

  it.each([{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }, {}])(
    'lets its own pages and programs change what they want: %j',
    async (headers: Record<string, string>) => {
      fresh();
      expect((await fetch(`${address}/orders/1/cancel`, { method: 'POST', headers })).status).toBe(200);
    },
  );

  it('answers a request line with a whole address as it answers its path', async () => {
    fresh();
    expect(await statusOf(`GET ${address}/orders?limit=1`)).toBe('HTTP/1.1 200 OK');
    expect(await statusOf(`GET ${address}/dead-letters/orders`)).toBe('HTTP/1.1 200 OK');
    expect(await statusOf(`GET ${address}/health/live`)).toBe('HTTP/1.1 200 OK');
    expect(await statusOf(`GET ${address}/nobody`)).toBe('HTTP/1.1 404 Not Found');
    expect(seen.map(({ url }) => url)).toEqual(['/orders?limit=1', '/dead-letters']);
  });

  it('lets a service finish its answer when it stops', async () => {
    const stopping = await startService(gateway, { env: { ...env, UPSTREAM_TIMEOUT_MS: '10000' } });
    let release = (): void => undefined;
    fresh((response) => (release = () => json(response, { ok: true })));
    const answer = fetch(`${stopping.url}/orders`);
    await eventually(() => expect(seen).toHaveLength(1));
    const stopped = stopping.stop();
    await eventually(() => !stopping.app.getHttpServer().listening);
    release();
    expect((await answer).status).toBe(200);
    expect((await answer).headers.get('connection')).toBe('close');
    await stopped;
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
