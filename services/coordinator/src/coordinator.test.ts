import { type EventDraft, OrderPlaced, PickListPacked, StockReserved } from '@baton/contracts';
import { encode } from '@baton/messaging';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { type RunningService, startService } from '@baton/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { coordinator } from './coordinator.module.js';

let database: FreshDatabase;
let service: RunningService;
let transport: MemoryTransport;

const start = async (policy: string): Promise<void> => {
  const env = { DATABASE_URL: database.url, LOG_LEVEL: 'silent', COORDINATOR_POLICY: policy };
  service = await startService(coordinator, { env, transport });
};
const hear = (...drafts: readonly EventDraft[]): void =>
  transport.deliver(drafts.map((draft) => encode(draft, new Date().toISOString(), {})));
const http = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${service.url}${path}`, init);
  return { status: response.status, body: (await response.json()) as Record<string, never> };
};
const said = (): readonly string[] => transport.records.map(({ headers }) => headers['ce_type']?.split('.')[2] ?? '');

const lines = [{ lineId: 'a', sku: 'chair', quantity: 2 }];
const placed = (orderId: string): EventDraft =>
  OrderPlaced({
    orderId,
    customer: {
      name: 'Ada',
      email: 'ada@example.test',
      address: { city: 'Paris', postalCode: '75001', country: 'France' },
    },
    serviceLevel: 'standard',
    onShortage: 'backorder',
    lines,
    placedAt: new Date().toISOString(),
  });

beforeAll(async () => {
  database = await freshDatabase();
  transport = new MemoryTransport();
  await start('');
});
afterAll(async () => {
  await service.stop();
  await database.drop();
});

it('follows an order, and says what it waits for, with its timeline', async () => {
  hear(placed('o-1'));
  await eventually(async () => (await http('/sagas/o-1')).status === 200);
  hear(StockReserved({ orderId: 'o-1', shipment: 1, location: 'West', lines, backordered: false }));
  const { body } = await eventually(async () => {
    const answer = await http('/sagas/o-1');
    expect(answer.body['sentence']).toMatch(/^Shipment 1 waits for the warehouse to pick and pack it \(since /);
    return answer;
  });
  expect(body).toMatchObject({
    status: 'running',
    openIncidents: 0,
    timeline: [
      { fact: 'OrderPlaced' },
      { fact: 'FulfilmentStarted' },
      { fact: 'StockReserved', text: 'Shipment 1: stock was reserved.' },
    ],
  });
  await eventually(() => said().includes('FulfilmentStarted'));
  expect((await http('/sagas?status=running&limit=1')).body).toMatchObject({ sagas: [{ orderId: 'o-1' }], next: null });
  expect((await http('/sagas/counts')).body).toMatchObject({ running: 1, incidents: 0 });
});

it('fires a deadline after a restart, opens an incident, and closes it when the event comes late', async () => {
  await service.stop();
  await start('booking=1s,picking=1s,reserving=1s');
  hear(placed('o-2'));
  const [incident] = await eventually(async () => {
    const { incidents } = (await http('/incidents?owner=inventory')).body as unknown as {
      incidents: readonly object[];
    };
    expect(incidents).toHaveLength(1);
    return incidents;
  });
  expect(incident).toMatchObject({ orderId: 'o-2', step: 'reserve', incidentId: 'order-fulfilment~o-2~1' });
  hear(StockReserved({ orderId: 'o-2', shipment: 1, location: 'West', lines, backordered: false }));
  hear(PickListPacked({ orderId: 'o-2', shipment: 1, location: 'West', lines, parcels: 1 }));
  await eventually(async () => {
    const { body } = await http('/sagas/o-2');
    expect(body['incidents']).toMatchObject([{ step: 'reserve', resolvedAt: expect.any(String) }]);
  });
  // A booking that is late is asked for again, by deadlines that fire on their own.
  await eventually(() => said().includes('ShipmentBookingRequested'));
});

it('shows incidents page by page, also of orders whose ids are as long as they may be', async () => {
  const orderIds = ['1', '2', '3'].map((end) => end.padStart(64, 'order-of-a-shop-'));
  hear(...orderIds.map(placed));
  const page = async (limit: number, after: string | null) => {
    const place = after === null ? '' : `&after=${encodeURIComponent(after)}`;
    const { status, body } = await http(`/incidents?owner=inventory&limit=${limit}${place}`);
    expect(status).toBe(200);
    return body as unknown as { incidents: readonly { orderId: string }[]; next: string | null };
  };
  await eventually(async () => expect((await page(50, null)).incidents).toHaveLength(orderIds.length));
  const seen: string[] = [];
  let next: string | null = null;
  do {
    const { incidents, next: following } = await page(1, next);
    seen.push(...incidents.map(({ orderId }) => orderId));
    next = following;
  } while (next !== null);
  expect(seen.sort()).toEqual(orderIds);
});

it('goes on without `messages` only when none of the order waits', async () => {
  const post = (path: string, body: object = {}) =>
    http(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const skip = () => post('/sagas/o-1/skip', { shipment: 0, step: 'messages', note: 'why' });
  const [dead] = await database.query(
    `insert into held_message (state, parks, key, name, origin, content, reason, tries)
     values ('dead', true, 'o-1', 'StockShort', 'inventory/0/1', '', 'a bug', 6) returning id`,
  );
  expect((await skip()).body).toMatchObject({ status: 409, detail: expect.stringMatching(/still wait: redrive/) });
  expect((await post(`/dead-letters/${String(dead?.['id'])}/discard`)).status).toBe(200);
  expect((await skip()).body).toMatchObject({ status: 409, detail: expect.stringMatching(/^Nothing waits for/) });
});

it('refuses what cannot be, with problem+json', async () => {
  expect((await http('/sagas/none')).status).toBe(404);
  expect((await http('/sagas?status=odd')).status).toBe(400);
  expect((await http('/sagas?limit=201')).status).toBe(400);
  expect((await http('/sagas?after=nonsense')).body).toMatchObject({ status: 400 });
  for (const path of [
    '/sagas?after=0000-01-01T00:00:00Z/x',
    '/incidents?after=0000-01-01T00:00:00Z/x',
    '/kpis?from=0000-01-01&to=0000-01-02',
    '/kpis?to=0001-01-01',
    '/kpis?from=9999-12-31&to=9999-12-31T23:30:00Z',
    '/kpis?by=day&from=9999-12-31&to=9999-12-31T01:00:00Z',
  ]) {
    expect([path, (await http(path)).status]).toEqual([path, 400]);
  }
  const skip = (orderId: string, body: object) =>
    http(`/sagas/${orderId}/skip`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  expect((await skip('none', { shipment: 1, step: 'deliver', note: 'why' })).status).toBe(404);
  expect((await skip('o-1', { shipment: 1, step: 'pick', note: 'why' })).body).toMatchObject({
    status: 409,
    type: 'urn:baton:problem:cannot-skip',
  });
  expect((await skip('o-1', { shipment: 0, step: 'tell-order-placed', note: 'phoned' })).body).toEqual({
    skipped: true,
  });
  expect((await skip('o-1', { shipment: 1 })).status).toBe(400);
});

it('does not start with a policy that no saga knows', async () => {
  const env = { DATABASE_URL: database.url, LOG_LEVEL: 'silent', COORDINATOR_POLICY: 'dreaming=1s' };
  await expect(startService(coordinator, { env, transport: new MemoryTransport() })).rejects.toThrow(/dreaming/);
});
