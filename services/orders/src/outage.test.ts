import { eventually, type FreshDatabase, freshDatabase, MemoryTransport, PortCable } from '@baton/messaging/testing';
import { type RunningService, startService } from '@baton/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orders } from './orders.module.js';
import { order } from './testing/orders.fixture.js';

let database: FreshDatabase;
let cable: PortCable;
let service: RunningService;

beforeAll(async () => {
  database = await freshDatabase();
  cable = await PortCable.to(database.url);
  const env = { DATABASE_URL: cable.url, LOG_LEVEL: 'silent' };
  service = await startService(orders, { env, transport: new MemoryTransport() });
});

afterAll(async () => {
  cable?.mend();
  await service?.stop();
  cable?.close();
  await database?.drop();
});

it('tells readers to come again while Postgres is away, and answers them when it is back', async () => {
  const body = JSON.stringify(order({ orderId: 'outage-1' }));
  const placed = await fetch(`${service.url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(placed.status).toBe(201);
  cable.cut();
  for (const path of ['/orders/outage-1', '/orders', '/orders/summary', '/dead-letters']) {
    const away = await fetch(`${service.url}${path}`);
    expect([path, away.status, away.headers.get('retry-after')]).toEqual([path, 503, '2']);
    expect(away.headers.get('content-type')).toContain('application/problem+json');
    expect(await away.json()).toMatchObject({ type: 'urn:baton:problem:unavailable', status: 503 });
  }
  cable.mend();
  await eventually(async () => expect((await fetch(`${service.url}/orders/outage-1`)).status).toBe(200));
});
