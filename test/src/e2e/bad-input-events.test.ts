import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { send } from './support/http.js';
import { deadLetters, headersOf, publish, type StrangersRecord, submitted } from './support/intake.js';
import { mailAbout } from './support/mails.js';
import { line, LOCATION, order } from './support/orders.js';
import { startSystem, type TestSystem } from './support/system.js';

let world: TestSystem;
const neighbours: string[] = [];

beforeAll(async () => {
  world = await startSystem({ staff: 4 });
  await world.client.stock.import([{ sku: 'TEA', location: LOCATION, onHand: 10_000 }]);
});
afterAll(() => world?.stop());

const record = (id: string, body: unknown, more: Partial<StrangersRecord> = {}): StrangersRecord => ({
  key: id,
  headers: headersOf(`${id}/submitted`),
  value: typeof body === 'string' ? body : JSON.stringify(body),
  ...more,
});
const withLines = (id: string, ...lines: readonly unknown[]) => ({ ...order(id), lines });
const named = (id: string, name: string) => ({ ...order(id), customer: { ...order(id).customer, name } });
const typed = (id: string, type: string) => ({ headers: { ...headersOf(id), ce_type: type } });

const units = 'lines.0.quantity: must be a whole number from 1 to 10000';
/** A record and the reason of its dead letter. */
const cases: Readonly<Record<string, readonly [record: StrangersRecord, reason: string]>> = {
  'malformed JSON': [record('malformed', '{"orderId": "malformed", '), 'The body is not JSON (at character 25).'],
  'no body': [record('empty', ''), 'The record has no body.'],
  'an unknown event type': [
    record('type', order('type'), typed('type', 'shop.OrderCreated')),
    'No contract declares the event type "shop.OrderCreated".',
  ],
  'an unknown version': [
    record('version', order('version'), typed('version', 'baton.anyone.OrderSubmitted.v9')),
    '"baton.anyone.OrderSubmitted.v9" is a version that this service does not know; it knows baton.anyone.OrderSubmitted.v1.',
  ],
  'an event of another topic': [
    record(
      'topic',
      { orderId: 'topic', reason: 'order-id-reused', detail: 'x' },
      typed('topic', 'baton.orders.OrderRejected.v1'),
    ),
    'OrderRejected belongs on the topic orders, not on orders-intake.',
  ],
  'no event id': [
    record('no-id', order('no-id'), typed('', 'baton.anyone.OrderSubmitted.v1')),
    'The header ce_id is missing; it tells repetitions apart.',
  ],
  'an empty key': [
    record('empty-key', order('empty-key'), { key: '' }),
    `The record's key "" and its body's order "empty-key" disagree.`,
  ],
  'a key and a body that disagree': [
    record('agree', order('disagree')),
    `The record's key "agree" and its body's order "disagree" disagree.`,
  ],
  'quantity 0': [record('q-0', withLines('q-0', line('TEA', 0))), `OrderSubmitted is not valid: ${units}`],
  'quantity -1': [record('q-1', withLines('q-1', line('TEA', -1))), `OrderSubmitted is not valid: ${units}`],
  'quantity 1e9': [record('q-9', withLines('q-9', line('TEA', 1e9))), `OrderSubmitted is not valid: ${units}`],
  'quantity 1.5': [record('q-1.5', withLines('q-1.5', line('TEA', 1.5))), `OrderSubmitted is not valid: ${units}`],
  'a line id twice': [
    record('lines', withLines('lines', line('TEA'), line('TEA'))),
    'OrderSubmitted is not valid: lines.1.lineId: line id 1 is used twice',
  ],
  'no lines': [
    record('no-lines', withLines('no-lines')),
    'OrderSubmitted is not valid: lines: an order needs at least one line',
  ],
  'a NUL': [
    record('nul', named('nul', 'a\u0000b')),
    'OrderSubmitted is not valid: customer.name: must not contain NUL characters or lone surrogates',
  ],
  'a lone surrogate': [
    record('surrogate', named('surrogate', 'a\uD83Db')),
    'OrderSubmitted is not valid: customer.name: must not contain NUL characters or lone surrogates',
  ],
  'a NUL in its key': [
    record('nul-key', order('key'), { key: 'key\u0000' }),
    `The record's key "key\\u0000" and its body's order "key" disagree.`,
  ],
  'a NUL in its id': [
    record('nul-id', order('nul-id'), { headers: headersOf('a\u0000b') }),
    'The header ce_id must have at most 1000 characters, no NUL and no lone surrogate.',
  ],
  'a type that is no text': [
    record('nested', '{"type":{"toString":1}}', { headers: { 'content-type': 'application/cloudevents+json' } }),
    'The attribute type must be text; it says which event this is.',
  ],
  'a body of 10 MB': [
    record('large', { ...order('large'), padding: 'x'.repeat(10_000_000) }),
    `The body has ${JSON.stringify({ ...order('large'), padding: '' }).length + 10_000_000} bytes; at most 1000000 are read.`,
  ],
};

const neighbour = (): StrangersRecord => {
  const orderId = `neighbour-${neighbours.length + 1}`;
  neighbours.push(orderId);
  const { value, key, headers } = submitted(order(orderId));
  return { value, key, headers };
};

describe('A record on orders-intake', () => {
  test('that is bad is put aside with its reason; the orders before and after it are completed', async () => {
    await publish(
      world,
      Object.values(cases).flatMap(([bad]) => [neighbour(), bad]),
    );
    await publish(world, [neighbour()]);
    const reasons = Object.values(cases).map(([, reason]) => reason);
    const dead = await deadLetters(world, 'orders', reasons.length);
    expect(dead.map(({ reason }) => reason).toSorted()).toEqual(reasons.toSorted());
    // Where it lies in the topic; never what it says, which may name a person.
    for (const letter of dead) expect(letter.origin).toMatch(/^orders-intake\/\d+\/\d+$/);
    expect(JSON.stringify(dead)).not.toContain('Quellwasser');
    const books = await world.settled(neighbours);
    expect(books).toMatchObject({
      placed: neighbours.length,
      completed: neighbours.length,
      incidents: 0,
      stock_drift: 0,
    });
    for (const [{ key }] of Object.values(cases)) {
      expect((await send('GET', `${world.url}/orders/${encodeURIComponent(key || 'empty-key')}`)).status, key).toBe(
        404,
      );
    }
  });

  test('without any CloudEvents header is an order', async () => {
    await publish(world, [{ key: 'plain', value: JSON.stringify(order('plain')) }]);
    await world.reaches('plain', 'completed');
  });

  test('with an unknown SKU is accepted, and its order cancelled with a sentence that names it', async () => {
    await publish(world, [record('no-such', withLines('no-such', line('NO-SUCH')))]);
    const { waitsFor } = await world.reaches('no-such', 'cancelled');
    expect(waitsFor).toMatch(/The order names an article that no location has ever held: NO-SUCH\.$/);
    await mailAbout(world.url, 'no-such', 0, 'order-cancelled');
  });

  test('that repeats an order changes nothing; one with another order under its id is rejected', async () => {
    const before = await deadLetters(world, 'orders', 0);
    const first = order('reused');
    await publish(world, [
      record('reused', first),
      record('reused', first),
      record('reused', first, { headers: headersOf('other') }),
    ]);
    await world.reaches('reused', 'completed');
    await publish(world, [record('reused', withLines('reused', line('TEA', 7)), { headers: headersOf('reused/2') })]);
    const dead = await deadLetters(world, 'orders', before.length + 1);
    expect(dead.slice(before.length).map(({ key, reason }) => [key, reason])).toEqual([
      [
        'reused',
        'Order reused was accepted before with other content (lines); it stays as it is. Submit a new order under a new id.',
      ],
    ]);
    const books = await world.settled(['reused']);
    expect(books).toMatchObject({ placed: 1, completed: 1, mails: 3, stock_drift: 0 });
    const { body } = await send('GET', `${world.url}/shipments?order=reused`);
    expect(body?.['items']).toHaveLength(1);
  });
});

describe('Text with emoji and SQL in every field', () => {
  const text = `🦊👩‍👩‍👧 '); DROP TABLE orders; -- " \\ %s <b>&</b> \${x}`;
  const hostile = (orderId: string) => ({
    orderId,
    customer: {
      name: text,
      email: 'o.brien+tea@customers.example',
      address: { street: text, city: text, state: text, postalCode: text.slice(0, 20).toWellFormed(), country: text },
    },
    region: LOCATION,
    lines: [line('TEA')],
  });
  const ways: Readonly<Record<string, (orderId: string) => Promise<unknown>>> = {
    HTTP: (orderId) => send('POST', `${world.url}/orders`, JSON.stringify(hostile(orderId))),
    event: (orderId) => publish(world, [record(orderId, hostile(orderId))]),
  };

  test.for(Object.keys(ways))('by %s is accepted, stored and mailed as it was written', async (way) => {
    const orderId = `hostile-${way}`;
    await ways[way]?.(orderId);
    const reason = `${text} because`;
    await send('POST', `${world.url}/orders/${orderId}/cancel`, JSON.stringify({ reason }));
    await world.settled([orderId]);
    const [stored] = await world.query('orders', 'select customer from orders where order_id = $1', [orderId]);
    expect(stored?.['customer']).toEqual(hostile(orderId).customer);
    const mail = await mailAbout(world.url, orderId, 0, 'order-placed');
    expect(mail.text).toContain(`Hello ${text},`);
    expect(mail.html).toContain('&lt;b&gt;&amp;&lt;/b&gt;');
    expect(mail.html).not.toContain('<b>&</b>');
    expect(mail.recipients).toEqual(['o.brien+tea@customers.example']);
    expect((await world.query('orders', 'select order_id from orders')).length, 'no table was dropped').toBeGreaterThan(
      0,
    );
  });
});
