import { createHmac } from 'node:crypto';
import { eventually } from '@baton/messaging/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, send } from './support/http.js';
import { mailAbout, mailsOf } from './support/mails.js';
import { line, LOCATION, order } from './support/orders.js';
import { PATIENCE_MS, startSystem, type TestSystem } from './support/system.js';

let world: TestSystem;
/** Orders that stand around the bad input and must come through whatever it was. */
const neighbours: string[] = [];

beforeAll(async () => {
  world = await startSystem({ staff: 4 });
  await world.client.stock.import([
    { sku: 'TEA', location: LOCATION, onHand: 10_000 },
    { sku: 'CUP', location: LOCATION, onHand: 10_000 },
  ]);
});
afterAll(() => world?.stop());

const submit = (body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  send('POST', `${world.url}/orders`, typeof body === 'string' ? body : JSON.stringify(body), headers);

const neighbour = async (): Promise<void> => {
  const orderId = `neighbour-${neighbours.length + 1}`;
  neighbours.push(orderId);
  expect((await submit(order(orderId))).status).toBe(201);
};

const expectProblem = (answer: Answer, status: number, code: string, detail: string | RegExp): void => {
  expect(answer).toMatchObject({ status, contentType: expect.stringMatching(/^application\/problem\+json/) });
  expect(answer.body).toMatchObject({
    type: `urn:baton:problem:${code}`,
    status,
    title: expect.any(String),
    detail: expect.stringMatching(detail),
  });
};

const bad = order('bad');
const named = (name: string) => ({ ...bad, customer: { ...bad.customer, name } });
const cases: readonly (readonly [what: string, body: unknown, code: string, detail: string])[] = [
  [
    'malformed JSON',
    '{"orderId": "bad", ',
    'malformed-json',
    'The body is not JSON (line 1 column 20); send one JSON value in UTF-8.',
  ],
  [
    'no JSON at all',
    'Zacharias, 7 Kornblumenweg',
    'malformed-json',
    'The body is not JSON; send one JSON value in UTF-8.',
  ],
  ['no object', '[]', 'invalid-request', 'expected object'],
  [
    'quantity 0',
    { ...bad, lines: [line('TEA', 0)] },
    'invalid-request',
    'lines.0.quantity: must be a whole number from 1 to 10000',
  ],
  [
    'quantity -1',
    { ...bad, lines: [line('TEA', -1)] },
    'invalid-request',
    'lines.0.quantity: must be a whole number from 1 to 10000',
  ],
  [
    'quantity 1e9',
    { ...bad, lines: [line('TEA', 1e9)] },
    'invalid-request',
    'lines.0.quantity: must be a whole number from 1 to 10000',
  ],
  [
    'quantity 1.5',
    { ...bad, lines: [line('TEA', 1.5)] },
    'invalid-request',
    'lines.0.quantity: must be a whole number from 1 to 10000',
  ],
  [
    'a line id twice',
    { ...bad, lines: [line('TEA'), line('CUP')] },
    'invalid-request',
    'lines.1.lineId: line id 1 is used twice',
  ],
  ['no lines', { ...bad, lines: [] }, 'invalid-request', 'lines: an order needs at least one line'],
  ['NUL', named('Zach\u0000arias'), 'invalid-request', 'customer.name: must not contain NUL characters'],
  [
    'a lone surrogate',
    named('Zach\uD83Darias'),
    'invalid-request',
    'customer.name: must not contain NUL characters or lone surrogates',
  ],
  [
    'SQL as order id',
    { ...bad, orderId: "x'; drop table orders; --" },
    'invalid-request',
    'orderId: must be 1 to 64 letters',
  ],
];

describe('POST /orders', () => {
  test.for(cases)('%s gets a problem that names mistake and remedy', async ([, body, code, detail]) => {
    await neighbour();
    const answer = await submit(body);
    expectProblem(answer, 400, code, detail.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    expect(answer.text, 'a piece of a body that may name a person').not.toMatch(/Zach|Kornblumenweg/);
    await neighbour();
    expect((await send('GET', `${world.url}/orders/bad`)).status, 'nothing was accepted').toBe(404);
  });

  test('a body that is not declared as JSON is not guessed at', async () => {
    const answer = await submit(order('typeless'), { 'content-type': 'text/plain' });
    expectProblem(answer, 415, 'not-json', /content-type: application\/json/);
  });

  test('a body of 10 MB is refused, and the limit is named', async () => {
    await neighbour();
    const answer = await submit({ ...bad, padding: 'x'.repeat(10_000_000) });
    expectProblem(answer, 413, 'body-too-large', /A body for \/orders may have 1048576 bytes/);
    await neighbour();
  });

  test('an unknown SKU is accepted, and the order then cancelled with a sentence that says so', async () => {
    const answer = await submit({ ...order('unknown-sku'), lines: [line('TEA'), line('NO-SUCH', 1, '2')] });
    expect(answer.status).toBe(201);
    const { waitsFor, timeline } = await world.reaches('unknown-sku', 'cancelled');
    expect(waitsFor).toMatch(/^Cancelled on .*: The order names an article that no location has ever held: NO-SUCH\.$/);
    expect(timeline.map(({ fact }) => fact)).not.toContain('OrderDelayed');
    const mail = await mailAbout(world.url, 'unknown-sku', 0, 'order-cancelled');
    expect(mail.text).toContain('an article that we do not have');
  });

  test('an Idempotency-Key with the same body gets the first answer, with another body it is refused', async () => {
    const first = await submit(order('keyed'), { 'idempotency-key': 'K-1' });
    expect(first.status).toBe(201);
    const again = await submit(order('keyed'), { 'idempotency-key': 'K-1' });
    expect(again).toMatchObject({ status: 201, body: first.body });
    const other = await submit(order('keyed-2'), { 'idempotency-key': 'K-1' });
    expectProblem(
      other,
      422,
      'idempotency-key-reused',
      /was used for another request; a new request needs a key of its own/,
    );
    expect((await send('GET', `${world.url}/orders/keyed-2`)).status).toBe(404);
    neighbours.push('keyed');
  });

  test('an order id with the same order is known, with another it is refused and the first stays', async () => {
    expect((await submit(order('twice'))).status).toBe(201);
    const same = await submit(order('twice'));
    expect(same).toMatchObject({ status: 200, body: { orderId: 'twice', lines: [line('TEA')] } });
    const other = await submit({ ...order('twice'), lines: [line('CUP', 9)] });
    expectProblem(
      other,
      409,
      'order-id-reused',
      /Order twice was accepted before with other content \(lines\).*new id/,
    );
    expect((await world.client.orders.get('twice')).lines).toEqual([line('TEA')]);
    neighbours.push('twice');
  });
});

describe('A webhook', () => {
  const webhook = (body: string, secret: string, delivery: string, at = Math.floor(Date.now() / 1_000)) =>
    send('POST', `${world.url}/webhooks/carrier`, body, {
      'x-carrier-timestamp': String(at),
      'x-carrier-signature': createHmac('sha256', secret).update(`${at}.${body}`).digest('hex'),
      'x-carrier-delivery': delivery,
    });
  const parcelOf = async (orderId: string) => {
    await world.reaches(orderId, 'completed');
    const { body } = await send('GET', `${world.url}/orders/${orderId}`);
    const [shipment] = (body?.['shipments'] ?? []) as readonly {
      readonly carrier: string;
      readonly trackingNumber: string;
    }[];
    return { carrier: shipment?.carrier, trackingNumber: shipment?.trackingNumber };
  };

  test('that is forged or too old is refused, and says what a good one looks like', async () => {
    await submit(order('forged'));
    const report = JSON.stringify({ ...(await parcelOf('forged')), status: 'lost', at: new Date().toISOString() });
    const secret = world.places.webhookSecret;
    expectProblem(
      await send('POST', `${world.url}/webhooks/carrier`, report),
      401,
      'webhook-signature-missing',
      /Send x-carrier/,
    );
    expectProblem(await webhook(report, 'guessed', 'd1'), 401, 'webhook-signature-forged', /HMAC-SHA256/);
    const old = Math.floor(Date.now() / 1_000) - 3_600;
    expectProblem(await webhook(report, secret, 'd1', old), 401, 'webhook-signature-stale', /sign anew/);
    const { timeline } = await world.client.orders.get('forged');
    expect(timeline.map(({ fact }) => fact)).not.toContain('ShipmentLost');
    neighbours.push('forged');
  });

  test('that is replayed changes nothing', async () => {
    await submit(order('replayed'));
    const parcel = await parcelOf('replayed');
    const mails = await eventually(async () => {
      const found = await mailsOf(world.url, 'replayed');
      return found.length === 3 && found;
    }, PATIENCE_MS);
    // The coordinator notes that the customer was told a moment after the mail has gone.
    const before = await eventually(async () => {
      const order = await world.client.orders.get('replayed');
      expect(order.timeline.filter(({ fact }) => fact === 'CustomerNotified')).toHaveLength(3);
      return order;
    }, PATIENCE_MS);
    const shipment = (await send('GET', `${world.url}/shipments/replayed/1`)).text;
    const report = JSON.stringify({ ...parcel, status: 'delivered', at: new Date().toISOString() });
    const first = await webhook(report, world.places.webhookSecret, 'again-1');
    const second = await webhook(report, world.places.webhookSecret, 'again-1');
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body).toEqual(first.body);
    expect((await send('GET', `${world.url}/shipments/replayed/1`)).text).toBe(shipment);
    // What is said behind it has gone the same way, so that an effect of the replay would have come by now.
    await neighbour();
    await world.reaches(neighbours.at(-1) ?? '', 'completed');
    expect(await world.client.orders.get('replayed')).toMatchObject({ timeline: before.timeline });
    expect(await mailsOf(world.url, 'replayed')).toEqual(mails);
    neighbours.push('replayed');
  });
});

test('the orders around the bad input are completed, nothing is dead, and the books balance', async () => {
  const books = await world.settled(neighbours);
  expect(books).toMatchObject({
    placed: neighbours.length,
    completed: neighbours.length,
    incidents: 0,
    dead_letters: 0,
    stock_drift: 0,
    mails: 3 * neighbours.length,
  });
});
