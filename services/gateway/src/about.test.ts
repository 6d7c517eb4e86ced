import { afterAll, beforeAll, expect, it } from 'vitest';
import { behind, GatewayWorld } from './gateway.fixture.js';

const world = new GatewayWorld();
beforeAll(() => world.start());
afterAll(() => world.stop());

it('says what is there, to people and to programs', async () => {
  world.fresh();
  expect(await (await fetch(world.address)).json()).toMatchObject({
    openapi: '/openapi.json',
    parts: expect.arrayContaining([expect.objectContaining({ path: '/orders', service: 'orders' })]),
  });
  const page = await fetch(world.address, { headers: { accept: 'text/html' } });
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(await page.text()).toContain('href="/docs"');
});

it('makes one API of those of the services, and says who did not answer', async () => {
  world.fresh();
  const api = (await (await fetch(`${world.address}/openapi.json`)).json()) as {
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
  const docs = await (await fetch(`${world.address}/docs`)).text();
  expect(docs).toContain('Hand over an order');
});

it('is as healthy as all services, and says which one is not', async () => {
  world.fresh();
  const response = await fetch(`${world.address}/health`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    status: 'down',
    services: {
      ...Object.fromEntries(behind.map((name) => [name, { status: 'up' }])),
      inventory: { status: 'down', detail: 'does not answer' },
    },
  });
  expect((await fetch(`${world.address}/health/live`)).status).toBe(200);
});
