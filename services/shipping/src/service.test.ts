import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Event,
  type EventDraft,
  OrderPlaced,
  PickListPacked,
  ShipmentBookingRequested,
  ShipmentCancellationRequested,
  StockReserved,
} from '@baton/contracts';
import { decode, encode } from '@baton/messaging';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { type RunningService, startService } from '@baton/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CarrierSimulator, startCarrierSimulator } from './carrier-simulator/simulator.js';
import { shipmentStates } from './domain/shipment.js';
import { NOW } from './domain/testing.js';
import { shipping } from './shipping.module.js';
import { signatureOf } from './webhook-signature.js';

const secret = 'a-secret-of-carriers';
let database: FreshDatabase;
let service: RunningService;
let simulator: CarrierSimulator;
let env: Readonly<Record<string, string>>;
const transport = new MemoryTransport();

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

beforeAll(async () => {
  database = await freshDatabase();
  const port = await freePort();
  const misbehaving = {
    failRate: 0.1,
    loseAnswerRate: 0.1,
    slowRate: 0.1,
    slowMs: 50,
    refuseRate: 0.1,
    rejectRate: 0.1,
  };
  simulator = await startCarrierSimulator({
    port: 0,
    webhookUrl: `http://127.0.0.1:${port}/webhooks/carrier`,
    secret,
    seed: 3,
    options: { ...misbehaving, duplicateRate: 0.2, deliverySeconds: 0 },
  });
  env = {
    DATABASE_URL: database.url,
    PORT: String(port),
    LOG_LEVEL: 'silent',
    SHIPPING_CARRIER_URL: simulator.url,
    SHIPPING_WEBHOOK_SECRET: secret,
  };
  service = await startService(shipping, { env, transport });
});
afterAll(async () => {
  await simulator?.close();
  await service?.stop();
  await database?.drop();
});

const hear = (...events: readonly EventDraft[]): void =>
  transport.deliver(events.map((draft) => encode(draft, NOW, {})));
const lines = [{ lineId: 'l1', sku: 'TEA', quantity: 1 }];
const placed = (orderId: string) =>
  OrderPlaced({
    orderId,
    customer: {
      name: "Ada 🙂 '); drop table shipments; --",
      email: 'ada@example.test',
      address: { city: 'Île-de-France', postalCode: '01234', country: 'France' },
    },
    serviceLevel: 'standard',
    onShortage: 'backorder',
    lines,
    placedAt: NOW,
  });
const of = (orderId: string) => ({ orderId, shipment: 1 });
const reserved = (orderId: string) => StockReserved({ ...of(orderId), location: 'West', lines, backordered: false });
const packed = (orderId: string) => PickListPacked({ ...of(orderId), location: 'West', lines, parcels: 1 });
const undo = (orderId: string) => ShipmentCancellationRequested({ ...of(orderId), reason: 'customer-cancelled' });

const said = (): readonly Event[] =>
  transport.records
    .map((record) => decode({ ...record, partition: 0, offset: 0n, timestamp: 0 }, () => true))
    .flatMap((decoded) => (decoded.kind === 'event' ? [decoded.event] : []));
const saidOf = (orderId: string): readonly string[] =>
  said().flatMap(({ key, name }) => (key === orderId ? [name] : []));
const many = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

const get = async (path: string) => {
  const response = await fetch(`${service.url}${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const shipmentOf = async (orderId: string) => (await get(`/shipments/${orderId}/1`)).body;

/** Books an order that is sure to be booked: whatever carriers reject is asked again of the next one. */
const untilBooked = async (...orders: readonly string[]): Promise<void> => {
  for (let attempt = 2; ; attempt += 1) {
    await eventually(() => {
      const heard = said();
      return orders.every(
        (order) =>
          heard.some(({ key, id }) => key === order && /Booked|Rejected/.test(id) && id.endsWith(`/${attempt - 1}`)) ||
          heard.some(({ key, name }) => key === order && name === 'ShipmentBooked'),
      );
    }, 60_000);
    const rejected = orders.filter((order) => !saidOf(order).includes('ShipmentBooked'));
    if (rejected.length === 0) return;
    hear(...rejected.map((order) => ShipmentBookingRequested({ ...of(order), attempt })));
  }
};

describe('shipments with carriers that misbehave', () => {
  it('are booked, dispatched and delivered once each, in this order', async () => {
    const orders = many('D', 60);
    hear(...orders.flatMap((order) => [reserved(order), packed(order), placed(order)]));
    await untilBooked(...orders);
    await eventually(
      () => said().filter(({ key, name }) => key.startsWith('D-') && name === 'ShipmentDelivered').length === 60,
      60_000,
    );
    for (const order of orders) {
      const heard = saidOf(order).filter((name) => name !== 'ShipmentRejected');
      expect(heard, order).toEqual(['ShipmentBooked', 'ShipmentDispatched', 'ShipmentDelivered']);
    }
    expect(simulator.stats()).toMatchObject({ booked: 60, handedOver: 60, cancelled: 0 });
  });

  it('are cancelled only when the carrier has confirmed it, whenever the undo comes', async () => {
    const before = simulator.stats();
    const orders = many('C', 30);
    hear(...orders.slice(0, 10).flatMap((order) => [undo(order), placed(order), reserved(order), packed(order)]));
    hear(...orders.slice(10, 20).flatMap((order) => [placed(order), reserved(order), undo(order), packed(order)]));
    const late = orders.slice(20);
    hear(...late.flatMap((order) => [placed(order), reserved(order)]));
    await untilBooked(...late);
    hear(...late.flatMap((order) => [undo(order), packed(order)]));
    await eventually(() => orders.every((order) => saidOf(order).includes('ShipmentCancelled')), 60_000);
    const after = simulator.stats();
    expect(after.handedOver).toBe(before.handedOver);
    expect(after.cancelled).toBe(after.booked - before.booked);
    for (const order of orders) {
      expect(
        saidOf(order).filter((name) => name === 'ShipmentCancelled'),
        order,
      ).toHaveLength(1);
      expect(await shipmentOf(order)).toMatchObject({ state: 'cancelled' });
    }
  });

  it('are out or cancelled, never both, when undo and packing race', async () => {
    const orders = many('R', 40);
    hear(...orders.flatMap((order) => [placed(order), reserved(order)]));
    await untilBooked(...orders);
    const [packedFirst, undoneFirst] = [orders.slice(0, 20), orders.slice(20)];
    hear(...packedFirst.map(packed), ...undoneFirst.map(undo));
    hear(...packedFirst.map(undo), ...undoneFirst.map(packed));
    await eventually(() => orders.every((order) => /Cancel/.test(saidOf(order).join())), 60_000);
    const cancelled = orders.filter((order) => saidOf(order).includes('ShipmentCancelled'));
    const out = orders.filter((order) => !cancelled.includes(order));
    await eventually(() => out.every((order) => saidOf(order).includes('ShipmentDelivered')), 60_000);
    expect(out).not.toHaveLength(0);
    expect(cancelled).not.toHaveLength(0);
    for (const order of out) expect(saidOf(order), order).toContain('ShipmentCancellationRefused');
    for (const order of cancelled) expect(saidOf(order).join(), order).not.toMatch(/Refused|Dispatched|Delivered/);
  });
});

describe('a restart in the middle', () => {
  it('repeats the calls that were open under their keys, and loses none', async () => {
    const before = simulator.stats();
    const orders = many('X', 30);
    hear(...orders.flatMap((order) => [placed(order), reserved(order), packed(order)]));
    await eventually(() => simulator.stats().booked > before.booked);
    await service.stop();
    service = await startService(shipping, { env, transport });
    await untilBooked(...orders);
    await eventually(() => orders.every((order) => saidOf(order).includes('ShipmentDelivered')), 60_000);
    const after = simulator.stats();
    expect([after.booked - before.booked, after.handedOver - before.handedOver]).toEqual([30, 30]);
    for (const order of orders) {
      const heard = new Set(said().flatMap(({ key, id }) => (key === order && !id.includes('Rejected') ? [id] : [])));
      expect(heard.size, order).toBe(3);
    }
  });
});

describe('the API', () => {
  it('pages by order and number, filters, and shows no personal data', async () => {
    const first = await get('/shipments?limit=3');
    const items = first.body['items'] as { orderId: string }[];
    const second = await get(`/shipments?limit=3&after=${encodeURIComponent(String(first.body['next']))}`);
    const ids = [...items, ...(second.body['items'] as { orderId: string }[])].map(({ orderId }) => orderId);
    expect(ids).toHaveLength(6);
    expect(ids).toEqual([...new Set(ids)]);
    expect((await get('/shipments?order=D-1')).body).toMatchObject({ items: [{ orderId: 'D-1' }], next: null });
    expect((await get('/shipments?state=cancelled&limit=200')).body['items']).not.toHaveLength(0);
    const all = JSON.stringify([first.body, second.body, await shipmentOf('D-1')]);
    expect(all).not.toMatch(/Ada|France|01234|example\.test/);
  });

  it('looks for a state that cannot rest in the table alone, and not in the archive', async () => {
    // None is ever there: that these are not found tells that they were not looked for among all that ever were.
    const shipments = async (state: string) =>
      ((await get(`/shipments?state=${state}&limit=200`)).body['items'] as { orderId: string }[])
        .map(({ orderId }) => orderId)
        .filter((orderId) => orderId.startsWith('Z-'));
    await database.query(
      `insert into shipments_archive (order_id, shipment, state, attempt, bookings, tracking, created_at, archived_at)
       select 'Z-' || state, 1, state, 1, '[]', '[]', now(), now() from unnest($1::text[]) state`,
      [shipmentStates],
    );
    for (const state of shipmentStates) {
      const rests = ['delivered', 'lost', 'returned', 'cancelled'].includes(state);
      expect(await shipments(state), state).toEqual(rests ? [`Z-${state}`] : []);
    }
    await database.query(`delete from shipments_archive where order_id like 'Z-%'`);
  });

  it('says what is wrong with a bad request', async () => {
    for (const query of ['?limit=0', '?limit=201', '?after=x', '?state=gone', '?order=%00', '?x=1']) {
      expect((await get(`/shipments${query}`)).status, query).toBe(400);
    }
    expect(await get('/shipments/D-1/9')).toMatchObject({
      status: 404,
      body: { type: 'urn:baton:problem:shipment-not-found' },
    });
    expect((await get('/shipments/D-1/0')).status).toBe(400);
  });
});

describe('the webhook of carriers', () => {
  const send = async (body: unknown, change: { timestamp?: number; signature?: string; delivery?: string } = {}) => {
    const raw = typeof body === 'string' ? body : JSON.stringify(body);
    const timestamp = String(change.timestamp ?? Math.floor(Date.now() / 1_000));
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'x-carrier-signature': change.signature ?? signatureOf(secret, timestamp, Buffer.from(raw)),
      'x-carrier-timestamp': timestamp,
      'x-carrier-delivery': change.delivery ?? 'd-1',
    };
    const response = await fetch(`${service.url}/webhooks/carrier`, { method: 'POST', headers, body: raw });
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, type, body: await response.json() };
  };
  const reportOn = async (orderId: string, status: string) => {
    const { carrier, trackingNumber } = await shipmentOf(orderId);
    return { carrier, trackingNumber, status, at: NOW, ...(status === 'lost' && { reason: 'fell off' }) };
  };

  it('takes a replayed report for the one it is', async () => {
    const report = await reportOn('D-2', 'returned');
    const timestamp = Math.floor(Date.now() / 1_000);
    const first = await send(report, { timestamp, delivery: 'again' });
    expect(first).toMatchObject({ status: 200, body: { received: true } });
    expect(await send(report, { timestamp, delivery: 'again' })).toEqual(first);
    expect((await send(report, { delivery: 'another' })).status).toBe(200);
    await eventually(() => expect(saidOf('D-2')).toContain('ShipmentReturned'));
    expect(saidOf('D-2').filter((name) => name === 'ShipmentReturned')).toHaveLength(1);
    expect((await send(await reportOn('D-2', 'lost'), { delivery: 'again' })).status).toBe(422);
  });

  it.each([
    ['D-5', 'fell off', 'fell off'],
    ['D-6', 'Nobody at 12 Rue Secrète opened to Ada.', 'no reason given'],
    ['D-7', `damaged ${'x'.repeat(40)}`, 'no reason given'],
  ])('passes on a code, and no free text (%s)', async (orderId, reason, told) => {
    const report = await reportOn(orderId, 'returned');
    expect((await send({ ...report, reason }, { delivery: `why-${orderId}` })).status).toBe(200);
    const returned = () => said().find(({ key, name }) => key === orderId && name === 'ShipmentReturned');
    await eventually(() => expect(returned()?.data).toMatchObject({ reason: told }));
    const { tracking } = await shipmentOf(orderId);
    expect((tracking as { reason?: string }[]).at(-1)?.reason).toBe(told === reason ? reason : undefined);
  });

  it('refuses what is forged or stale, and does nothing', async () => {
    const report = await reportOn('D-3', 'lost');
    const old = Math.floor(Date.now() / 1_000) - 301;
    for (const change of [{ signature: '0'.repeat(64) }, { signature: 'x' }, { signature: '' }, { timestamp: old }]) {
      const answer = await send(report, change);
      expect(answer).toMatchObject({ status: 401, body: { status: 401, type: /webhook-signature/ } });
      expect(answer.type).toContain('application/problem+json');
    }
    expect(saidOf('D-3')).not.toContain('ShipmentLost');
  });

  it('refuses what is signed and makes no sense', async () => {
    const report = await reportOn('D-4', 'lost');
    const bad: readonly (readonly [unknown, number])[] = [
      [{ ...report, trackingNumber: 'SWIFT-unknown' }, 404],
      [{ ...report, carrier: 'nobody' }, 404],
      [{ ...report, status: 'eaten' }, 400],
      [{ ...report, at: 'yesterday' }, 400],
      [{ ...report, reason: 'a\u0000b' }, 400],
      [{ ...report, trackingNumber: '\ud800' }, 400],
      [[], 400],
      ['{"status":', 400],
      [{ ...(await reportOn('C-25', 'delivered')) }, 409],
    ];
    for (const [body, status] of bad) expect((await send(body)).status, JSON.stringify(body)).toBe(status);
    expect((await send(report, { delivery: 'not an id' })).status).toBe(400);
  });
});
