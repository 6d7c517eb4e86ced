import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DocumentedApi } from './support/documented.js';
import { deadLetters, headersOf, publish } from './support/intake.js';
import { line, LOCATION, order } from './support/orders.js';
import { startSystem, type TestSystem } from './support/system.js';
import { Picker } from './support/warehouse.js';

let world: TestSystem;
let api: DocumentedApi;
let picker: Picker;

beforeAll(async () => {
  world = await startSystem({ deliverySeconds: 3_600 });
  api = await DocumentedApi.of(world.url);
  picker = new Picker(world);
});
afterAll(() => world?.stop());

const statusOf = async (...asked: Parameters<DocumentedApi['ask']>): Promise<number> =>
  (await api.ask(...asked)).status;

const dispatched = async (orderId: string): Promise<void> => {
  await api.ask('POST /orders', '/orders', order(orderId));
  await picker.work(orderId);
  await world.reaches(orderId, 'dispatched');
};

/** Whatever happens to orders, so that every kind of answer is seen. */
describe('Each answer is as it is documented', () => {
  test('of stock', async () => {
    const items = ['TEA', 'CUP'].map((sku) => ({ sku, location: LOCATION, onHand: 100, name: `A ${sku}` }));
    expect(await statusOf('POST /stock/import', '/stock/import', { items })).toBe(200);
    expect(await statusOf('POST /stock/import', '/stock/import', { items: [] })).toBe(400);
    expect(await statusOf('GET /stock', '/stock?low=100&limit=1')).toBe(200);
    expect(await statusOf('GET /stock', '/stock?limit=201')).toBe(400);
    expect(await statusOf('GET /stock/audit', '/stock/audit')).toBe(200);
    expect(await statusOf('GET /stock/{sku}', '/stock/TEA')).toBe(200);
    expect(await statusOf('GET /stock/{sku}', '/stock/nothing')).toBe(404);
    const arrived = 'POST /stock/{sku}/{location}/replenishments';
    const path = `/stock/TEA/${LOCATION}/replenishments`;
    const keyed = { 'idempotency-key': 'delivery-1' };
    expect(await statusOf(arrived, path, { quantity: 1 }, keyed)).toBe(200);
    expect(await statusOf(arrived, path, { quantity: 2 }, keyed)).toBe(422);
    expect(await statusOf(arrived, path, { quantity: 1e9 })).toBe(409);
    expect(await statusOf(arrived, '/stock/TEA/Nowhere/replenishments', { quantity: 1 })).toBe(404);
    expect(await statusOf(arrived, path, 'one', { 'content-type': 'text/plain' })).toBe(415);
  });

  test('of an order from its placing to its delivery', async () => {
    expect(await statusOf('POST /orders', '/orders', order('whole', { serviceLevel: 'same-day' }))).toBe(201);
    expect(await statusOf('POST /orders', '/orders', order('whole', { serviceLevel: 'same-day' }))).toBe(200);
    expect(await statusOf('POST /orders', '/orders', order('whole'))).toBe(409);
    expect(await statusOf('POST /orders', '/orders', {})).toBe(400);
    expect(await statusOf('POST /orders', '/orders', { padding: 'x'.repeat(2_000_000) })).toBe(413);
    await picker.listIs('whole', 'open');
    const read = 'GET /pick-lists/{order}/{shipment}';
    expect(await statusOf(read, '/pick-lists/whole/1')).toBe(200);
    expect(await statusOf(read, '/pick-lists/whole/2')).toBe(404);
    const did = (what: string, body: unknown) =>
      statusOf(`POST /pick-lists/{order}/{shipment}/${what}`, `/pick-lists/whole/1/${what}`, body);
    expect(await did('claim', { worker: 'Kim' })).toBe(200);
    expect(await did('claim', { worker: 'Lou' })).toBe(409);
    expect(await did('pack', { parcels: 1 })).toBe(409);
    expect(await did('put-away', {})).toBe(409);
    expect(await did('pick', { lineId: '1', quantity: 1 })).toBe(200);
    expect(await did('pack', { parcels: 1 })).toBe(200);
    await world.reaches('whole', 'dispatched');
    const { body } = await api.ask('GET /shipments/{order}/{shipment}', '/shipments/whole/1');
    const { carrier, trackingNumber } = body ?? {};
    const report = JSON.stringify({ carrier, trackingNumber, status: 'delivered', at: new Date().toISOString() });
    const at = Math.floor(Date.now() / 1_000);
    const signed = {
      'x-carrier-timestamp': String(at),
      'x-carrier-signature': createHmac('sha256', world.places.webhookSecret).update(`${at}.${report}`).digest('hex'),
      'x-carrier-delivery': 'whole',
    };
    expect(await statusOf('POST /webhooks/carrier', '/webhooks/carrier', report)).toBe(401);
    expect(await statusOf('POST /webhooks/carrier', '/webhooks/carrier', report, signed)).toBe(200);
    await world.reaches('whole', 'completed');
  });

  test('of orders that are short, that wait, that are cancelled and that are helped along', async () => {
    const seen = (orderId: string) =>
      Promise.all([
        api.ask('GET /orders/{orderId}', `/orders/${orderId}`),
        api.ask('GET /sagas/{orderId}', `/sagas/${orderId}`),
        api.ask('GET /reservations', `/reservations?orderId=${orderId}`),
        api.ask('GET /notifications', `/notifications?orderId=${orderId}`),
        api.ask('GET /shipments', `/shipments?order=${orderId}`),
      ]);
    await api.ask('POST /orders', '/orders', order('short', { lines: [line('CUP', 60)] }));
    await picker.claim('short');
    const short = { lineId: '1', picked: 1 };
    await api.ask('POST /pick-lists/{order}/{shipment}/short', '/pick-lists/short/1/short', short);
    await picker.listIs('short', 'stopping');
    await api.ask('POST /pick-lists/{order}/{shipment}/put-away', '/pick-lists/short/1/put-away');
    await world.reaches('short', 'delayed');
    await seen('short');
    expect(await statusOf('GET /backorders', '/backorders?limit=1')).toBe(200);

    await api.ask('POST /orders', '/orders', order('unknown', { lines: [line('NO-SUCH')] }));
    await world.reaches('unknown', 'cancelled');
    await seen('unknown');

    const cancel = 'POST /orders/{orderId}/cancel';
    await api.ask('POST /orders', '/orders', order('unwanted'));
    expect(await statusOf(cancel, '/orders/unwanted/cancel', { reason: 'Too late' })).toBe(202);
    expect(await statusOf(cancel, '/orders/nothing/cancel', {})).toBe(404);
    await world.reaches('unwanted', 'cancelled');
    await seen('unwanted');

    await dispatched('skipped');
    await seen('skipped');
    const skip = 'POST /sagas/{orderId}/skip';
    const step = { shipment: 1, step: 'deliver', note: 'The customer has it.' };
    expect(await statusOf(skip, '/sagas/skipped/skip', step)).toBe(200);
    expect(await statusOf(skip, '/sagas/skipped/skip', step)).toBe(409);
    expect(await statusOf(skip, '/sagas/nothing/skip', step)).toBe(404);
    await world.reaches('skipped', 'completed');
    await seen('skipped');
    expect(
      await statusOf('POST /stock/{sku}/{location}/counts', `/stock/TEA/${LOCATION}/counts`, { counted: 50 }),
    ).toBe(200);
  });

  test('of what is said of all orders', async () => {
    for (const [list, filter] of [
      ['/orders', 'status=completed'],
      ['/sagas', 'status=completed'],
      ['/incidents', 'owner=operator'],
      ['/pick-lists', 'state=packed'],
      ['/shipments', 'state=delivered'],
      ['/notifications', 'state=sent'],
      ['/backorders', 'sku=CUP'],
    ]) {
      const { body } = await api.ask(`GET ${list}`, `${list}?${filter}&limit=1`);
      const after = body?.['next'];
      if (typeof after === 'string') {
        expect(await statusOf(`GET ${list}`, `${list}?${filter}&after=${encodeURIComponent(after)}`)).toBe(200);
      }
      expect(await statusOf(`GET ${list}`, `${list}?after=nonsense${'x'.repeat(100)}!`)).toBe(400);
      expect(await statusOf(`GET ${list}`, `${list}?nonsense=1`), `${list} takes what it does not know`).toBe(400);
    }
    expect(await statusOf('GET /orders/summary', '/orders/summary')).toBe(200);
    expect(await statusOf('GET /orders/{orderId}', '/orders/nothing')).toBe(404);
    expect(await statusOf('GET /sagas/counts', '/sagas/counts')).toBe(200);
    expect(await statusOf('GET /sagas/{orderId}', '/sagas/nothing')).toBe(404);
    expect(await statusOf('GET /kpis', '/kpis')).toBe(200);
    expect(await statusOf('GET /kpis', '/kpis?by=day&from=2026-01-01&to=2025-01-01')).toBe(400);
  });

  test('of dead letters', async () => {
    await publish(
      world,
      [1, 2].map((n) => ({ key: `bad-${n}`, headers: headersOf(`bad-${n}`), value: '{' })),
    );
    const [first, second] = await deadLetters(world, 'orders', 2);
    const { body } = await api.ask('GET /dead-letters/orders', '/dead-letters/orders?limit=1');
    expect(body).toMatchObject({ items: [{ id: first?.id }], next: first?.id });
    const last = await api.ask('GET /dead-letters/orders', `/dead-letters/orders?limit=1&after=${first?.id}`);
    expect(last.body).toMatchObject({ items: [{ id: second?.id }], next: null });
    const of = (what: string) => `POST /dead-letters/orders/{id}/${what}`;
    expect(await statusOf(of('redrive'), `/dead-letters/orders/${first?.id}/redrive`)).toBe(202);
    expect(await statusOf(of('discard'), `/dead-letters/orders/${second?.id}/discard`)).toBe(200);
    expect(await statusOf(of('discard'), `/dead-letters/orders/${second?.id}/discard`)).toBe(404);
    expect(await statusOf(of('redrive'), '/dead-letters/orders/x/redrive')).toBe(400);
    for (const service of ['coordinator', 'inventory', 'warehouse', 'shipping', 'notification']) {
      expect(await statusOf(`GET /dead-letters/${service}`, `/dead-letters/${service}`)).toBe(200);
    }
  });

  test('and none is left out but what the same code answers for every service', () => {
    const elsewhere = /^POST \/dead-letters\/(?!orders)/;
    expect(api.unseen.filter((operation) => !elsewhere.test(operation))).toEqual([]);
  });
});
