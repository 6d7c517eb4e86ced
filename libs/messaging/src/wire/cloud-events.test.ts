import { OrderSubmitted } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import type { IncomingRecord } from '../transport/port.js';
import { decode, encode } from './cloud-events.js';

const order = OrderSubmitted.schema.parse({
  orderId: 'wire-1',
  customer: {
    name: 'José Müller',
    email: 'jose@example.test',
    address: { city: 'Málaga', postalCode: '29001', country: 'Spain' },
  },
  lines: [{ lineId: '1', sku: 'A', quantity: 1 }],
});
const NOW = '2026-11-23T10:00:00.000Z';

const read = (changes: Partial<IncomingRecord>) => {
  const { topic, key, headers, value } = encode(OrderSubmitted(order), NOW, {});
  const place = { topic, partition: 0, offset: 0n, timestamp: Date.parse(NOW) };
  return decode({ ...place, key, headers, value, ...changes }, () => true);
};

const binary = (id: string, value?: Buffer) =>
  read({
    headers: { ...encode(OrderSubmitted(order), NOW, {}).headers, ce_id: id },
    ...(value && { value }),
  });
const structured = (id: string) =>
  read({
    headers: { 'content-type': 'application/cloudevents+json' },
    value: Buffer.from(
      JSON.stringify({ specversion: '1.0', type: OrderSubmitted.type, source: '/shop', id, data: order }),
    ),
  });

describe.each([
  ['binary', binary],
  ['structured', structured],
])('The id of an event in %s mode', (_mode, withId) => {
  it('may be anything that a row can hold', () => {
    for (const id of ['1', 'ü🎁', 'x'.repeat(1_000)]) {
      expect(withId(id)).toMatchObject({ kind: 'event', event: { id, key: 'wire-1' } });
    }
  });

  it.each([
    ['a NUL', 'a\u0000b'],
    ['a lone surrogate', 'a\ud800b'],
    ['more than 1,000 characters', 'x'.repeat(1_001)],
  ])('is refused with %s, and told why', (_what, id) => {
    expect(withId(id)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/id must have at most 1000 characters, no NUL and no lone surrogate\.$/),
    });
  });
});

describe('A body that is not UTF-8', () => {
  const latin = Buffer.from(JSON.stringify(order), 'latin1');

  it.each([
    ['an event in binary mode', () => binary('1', latin)],
    ['a plain order', () => read({ headers: {}, value: latin })],
  ])('is refused, not read with other letters: %s', (_what, reading) => {
    expect(reading()).toMatchObject({ kind: 'refused', reason: 'The body is not UTF-8.' });
  });
});
