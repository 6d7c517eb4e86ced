import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GatewayWorld } from './gateway.fixture.js';

const world = new GatewayWorld();
beforeAll(() => world.start());
afterAll(() => world.stop());

/** Sends a body without saying how long it is. */
const chunked = (
  path: string,
  bytes: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number | undefined; type: string | undefined }> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(`${world.address}${path}`, { method: 'POST', headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, type: response.headers['content-type'] });
    });
    request.on('error', reject);
    for (let sent = 0; sent < bytes; sent += 65_536) request.write(Buffer.alloc(65_536, 97));
    request.end();
  });

it('refuses a body that is too large, whether or not its length is said', async () => {
  world.fresh();
  const large = await fetch(`${world.address}/orders`, { method: 'POST', body: 'x'.repeat(10 * 1024 * 1024) });
  expect(large.status).toBe(413);
  expect(await large.json()).toMatchObject({ type: 'urn:baton:problem:body-too-large', limit: 1024 * 1024 });
  expect(await chunked('/orders', 3 * 1024 * 1024)).toMatchObject({ status: 413, type: 'application/problem+json' });
  expect(world.seen).toEqual([]);
  expect(await chunked('/orders', 512 * 1024)).toMatchObject({ status: 200 });
  expect(await chunked('/pick-lists', 1024 * 1024)).toMatchObject({ status: 200 });
  // Large enough for a catalogue, and only then not reached.
  expect(
    (await fetch(`${world.address}/stock/import`, { method: 'POST', body: 'x'.repeat(2 * 1024 * 1024) })).status,
  ).toBe(502);
});

it('counts a body of unknown length also where the service has another path for it', async () => {
  world.fresh();
  expect((await chunked('/dead-letters/orders/7/discard', 3 * 1024 * 1024)).status).toBe(413);
  expect(world.seen).toEqual([]);
});

it('keeps to its limits for a client that waits for 100 Continue', async () => {
  const expectant = { expect: '100-continue' };
  world.fresh(() => {});
  expect((await chunked('/orders', 100, expectant)).status).toBe(504);
  world.fresh();
  expect((await chunked('/orders', 3 * 1024 * 1024, expectant)).status).toBe(413);
  expect(world.seen).toEqual([]);
});

it.each(['cross-site', 'same-site'])('refuses what a page of another site would change: %s', async (site) => {
  world.fresh();
  const headers = { 'sec-fetch-site': site };
  for (const [path, method] of [
    ['/orders/1/cancel', 'POST'],
    ['/stock/1', 'PUT'],
    ['/orders/1', 'PATCH'],
    ['/orders/1', 'DELETE'],
  ] as const) {
    const refused = await fetch(`${world.address}${path}`, { method, headers });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(await refused.json()).toMatchObject({ type: 'urn:baton:problem:cross-site', status: 403 });
  }
  expect(world.seen).toEqual([]);
  expect((await fetch(`${world.address}/orders`, { headers })).status).toBe(200);
});

it.each([{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }, {}])(
  'lets its own pages and programs change what they want: %j',
  async (headers: Record<string, string>) => {
    world.fresh();
    expect((await fetch(`${world.address}/orders/1/cancel`, { method: 'POST', headers })).status).toBe(200);
  },
);
