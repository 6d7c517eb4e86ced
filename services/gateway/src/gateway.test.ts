import { connect } from 'node:net';
import { eventually } from '@baton/messaging/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GatewayWorld, json } from './gateway.fixture.js';

const world = new GatewayWorld();
beforeAll(() => world.start());
afterAll(() => world.stop());

/** The status line of the answer to a request line as it stands here. */
const statusOf = (requestLine: string): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const { host, hostname, port } = new URL(world.address);
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${requestLine} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    });
    let answer = '';
    socket.on('data', (data) => (answer += String(data)));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer.split('\r\n')[0]));
  });

it('passes a request on with its path, query, trace and bytes, and says for whom', async () => {
  world.fresh((response) => json(response, { placed: true }, 201));
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const body = '{ "text":  "ü🎁",\r\n"b":1}  ';
  const response = await fetch(`${world.address}/webhooks/carrier/swift?a=%2Fb`, {
    method: 'POST',
    body,
    headers: { traceparent, 'x-signature': 'abc', 'content-type': 'application/json' },
  });
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({ placed: true });
  expect(world.seen).toMatchObject([
    {
      method: 'POST',
      url: '/webhooks/carrier/swift?a=%2Fb',
      body: Buffer.from(body).toString('latin1'),
      headers: {
        traceparent,
        'x-signature': 'abc',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': world.address.slice(7),
      },
    },
  ]);
});

it.each(['/orders', '/sagas/1', '/incidents', '/pick-lists/1/claim', '/shipments', '/notifications?orderId=1'])(
  'knows who answers %s',
  async (path) => {
    world.fresh();
    expect((await fetch(`${world.address}${path}`)).status).toBe(200);
    expect(world.seen.map(({ url }) => url)).toEqual([path]);
  },
);

it('gives the dead letters of each service a place of their own', async () => {
  world.fresh();
  await fetch(`${world.address}/dead-letters/orders?state=dead`);
  await fetch(`${world.address}/dead-letters/shipping/7/redrive`, { method: 'POST' });
  expect(world.seen.map(({ url }) => url)).toEqual(['/dead-letters?state=dead', '/dead-letters/7/redrive']);
});

it('passes malformed JSON on, and the service’s problem back', async () => {
  world.fresh((response) => json(response, { type: 'urn:baton:problem:malformed-json' }, 400));
  const response = await fetch(`${world.address}/orders`, { method: 'POST', body: '{"orderId":' });
  expect(response.status).toBe(400);
  expect(world.seen[0]?.body).toBe('{"orderId":');
});

it.each(['/nobody', '/ordersX', '/mails', '/health/else', '/webhooks'])(
  'answers %s itself: not found',
  async (path) => {
    world.fresh();
    const response = await fetch(`${world.address}${path}`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(world.seen).toEqual([]);
  },
);

it('names the service that cannot be reached', async () => {
  const response = await fetch(`${world.address}/stock`);
  expect(response.status).toBe(502);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(await response.json()).toMatchObject({
    type: 'urn:baton:problem:service-unreachable',
    service: 'inventory',
  });
});

it('names the service that does not answer in time, and the one that hangs up', async () => {
  world.fresh(() => {});
  const late = await fetch(`${world.address}/sagas/1`);
  expect(late.status).toBe(504);
  expect(await late.json()).toMatchObject({ type: 'urn:baton:problem:service-timeout', service: 'coordinator' });
  world.fresh((response) => response.destroy());
  expect((await fetch(`${world.address}/sagas/1`)).status).toBe(502);
  world.fresh();
  expect((await fetch(`${world.address}/sagas/1`)).status).toBe(200);
});

it('answers a request line with a whole address as it answers its path', async () => {
  world.fresh();
  expect(await statusOf(`GET ${world.address}/orders?limit=1`)).toBe('HTTP/1.1 200 OK');
  expect(await statusOf(`GET ${world.address}/dead-letters/orders`)).toBe('HTTP/1.1 200 OK');
  expect(await statusOf(`GET ${world.address}/health/live`)).toBe('HTTP/1.1 200 OK');
  expect(await statusOf(`GET ${world.address}/nobody`)).toBe('HTTP/1.1 404 Not Found');
  expect(world.seen.map(({ url }) => url)).toEqual(['/orders?limit=1', '/dead-letters']);
});

it('lets a service finish its answer when it stops', async () => {
  const stopping = await world.another({ UPSTREAM_TIMEOUT_MS: '10000' });
  let release = (): void => undefined;
  world.fresh((response) => (release = () => json(response, { ok: true })));
  const answer = fetch(`${stopping.url}/orders`);
  await eventually(() => expect(world.seen).toHaveLength(1));
  const stopped = stopping.stop();
  await eventually(() => !stopping.app.getHttpServer().listening);
  release();
  expect((await answer).status).toBe(200);
  expect((await answer).headers.get('connection')).toBe('close');
  await stopped;
});
