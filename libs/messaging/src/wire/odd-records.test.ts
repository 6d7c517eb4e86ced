import { OrderCancellationSubmitted } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import type { Headers, IncomingRecord } from '../transport/port.js';
import { decode, encode } from './cloud-events.js';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const wish = encode(OrderCancellationSubmitted({ orderId: 'o-1' }), '2026-01-01T00:00:00.000Z', {});
const record = (more: Partial<IncomingRecord>): IncomingRecord => ({
  ...wish,
  partition: 0,
  offset: 7n,
  timestamp: Date.parse('2026-01-01T00:00:00.000Z'),
  ...more,
});
const read = (more: Partial<IncomingRecord>) => decode(record(more), () => true);
const structured = (body: string) =>
  read({ headers: { 'content-type': 'application/cloudevents+json' }, value: Buffer.from(body) });
const withHeaders = (more: Headers) => read({ headers: { ...wish.headers, ...more } });

describe('A record of a stranger', () => {
  it.each([
    ['a number', '7'],
    ['an object that no text can be made of', '{"toString":1}'],
    ['nested deeper than a text can be made of', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
  ])('is refused when its type is %s', (_what, type) => {
    expect(structured(`{"type":${type}}`)).toMatchObject({
      kind: 'refused',
      reason: 'The attribute type must be text; it says which event this is.',
    });
  });

  it.each([1_790_000_000_000_000_000, -9_000_000_000_000_000])('is refused when it was written at %d', (timestamp) => {
    const { ce_time: _time, ...headers } = wish.headers;
    const reason = `The record's timestamp ${timestamp} is no time in milliseconds.`;
    expect(read({ headers, timestamp })).toMatchObject({ kind: 'refused', reason });
  });

  it('is refused with the reason when it could not be unpacked', () => {
    const reason = 'The record cannot be unpacked: LZ4 compression not implemented.';
    expect(read({ unreadable: 'LZ4 compression not implemented' })).toMatchObject({ kind: 'refused', reason });
  });

  it('is refused, and nothing is thrown, when reading it fails in a way that nobody thought of', () => {
    const value = new Proxy(Buffer.from('{}'), {
      get: () => {
        throw new Error('unreadable');
      },
    });
    expect(read({ value })).toMatchObject({ kind: 'refused', reason: 'The record cannot be read.' });
  });

  it.each([
    ['is followed', { traceparent: TRACE, tracestate: 'a=b' }, { traceparent: TRACE, tracestate: 'a=b' }],
    ['is ignored when it is none', { traceparent: 'a\u0000b', tracestate: 'a=b' }, {}],
    ['is ignored with an end alone', { traceparent: '\u0000-00' }, {}],
    ['is followed without a state that is none', { traceparent: TRACE, tracestate: 'a\u0000' }, { traceparent: TRACE }],
    [
      'is followed without a state that is too long',
      { traceparent: TRACE, tracestate: 'x'.repeat(513) },
      { traceparent: TRACE },
    ],
  ])('has a trace that %s', (_what, headers, trace) => {
    expect(withHeaders(headers as Headers)).toMatchObject({ kind: 'event' });
    expect(withHeaders(headers as Headers)).toHaveProperty('trace', trace);
  });

  it('has a trace in its body that is ignored when it is none', () => {
    const { ce_type: type } = wish.headers;
    const body = { specversion: '1.0', type, id: 'e-1', data: { orderId: 'o-1' }, traceparent: '\u0000' };
    expect(structured(JSON.stringify(body))).toMatchObject({ kind: 'event', trace: {} });
    expect(structured(JSON.stringify({ ...body, traceparent: TRACE }))).toHaveProperty('trace.traceparent', TRACE);
  });
});
