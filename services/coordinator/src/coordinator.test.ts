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

it('refuses what cannot be, with problem+json', async () => {
  expect((await http('/sagas/none')).status).toBe(404);
  expect((await http('/sagas?status=odd')).status).toBe(400);
  expect((await http('/sagas?limit=201')).status).toBe(400);
  expect((await http('/sagas?after=nonsense')).body).toMatchObject({ status: 400 });
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
