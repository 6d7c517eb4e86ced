import { createRequire } from 'node:module';
import { afterEach, describe, expect, it, vi } from 'vitest';

// What patches/kafkajs@2.2.4.patch changes is inside kafkajs, so this looks inside.
const require = createRequire(import.meta.url);

interface Written {
  readonly key?: Buffer | string | null;
  readonly value?: Buffer | string | null;
  readonly headers?: Record<string, unknown>;
  readonly timestampDelta?: number;
  readonly offsetDelta?: number;
}
interface Encoded {
  readonly buffer: Buffer;
  size(): number;
}
interface Decoded {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | null | (Buffer | null)[]>;
}

const Record = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: Written) => Encoded;
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: { records: readonly Encoded[]; firstTimestamp: number; compression: number }): Promise<Encoded>;
};
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: unknown,
) => Promise<{ readonly records: readonly Decoded[] }>;
const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => unknown;
const RequestQueue = require('kafkajs/src/network/requestQueue') as new (
  options: object,
) => {
  push(request: object): void;
  fulfillRequest(response: object): void;
  maybeThrottle(ms: number): void;
};
const groupMessagesPerPartition = require('kafkajs/src/producer/groupMessagesPerPartition') as (
  options: object,
) => object;

async function roundTrip(records: readonly Written[], compression = 0): Promise<readonly Decoded[]> {
  const encoded = records.map((record, offsetDelta) => Record({ offsetDelta, ...record }));
  for (const one of encoded) expect(one.size()).toBe(one.buffer.length);
  const batch = await RecordBatch({ records: encoded, firstTimestamp: 1_000_000_000_000, compression });
  return (await decodeBatch(new Decoder(batch.buffer))).records;
}

describe('records through the patched kafkajs', () => {
  it.each([0, 1])('come back as they were written (compression %i)', async (compression) => {
    const big = Buffer.alloc(3_000_000, 'x¾');
    const records: readonly Written[] = [
      { key: 'plain', value: 'text' },
      { key: null, value: null },
      { key: '', value: Buffer.alloc(0), headers: {} },
      {
        key: 'schlüssel-🔑',
        value: Buffer.from('日本'),
        headers: { 'x-ünï': '🚚', empty: '', buffer: Buffer.of(0, 255) },
      },
      { key: 'big', value: big, headers: { long: 'é'.repeat(70_000) } },
      { value: 'nothing else' },
      ...Array.from({ length: 300 }, (_, index) => ({ key: 'k'.repeat(index), value: 'v'.repeat(index * 100) })),
    ];
    const read = await roundTrip(records, compression);
    expect(read.map(({ offset }) => Number(offset))).toEqual(records.map((_, index) => index));
    const bytes = (value: Buffer | string | null | undefined): Buffer | null =>
      value === undefined || value === null ? null : Buffer.isBuffer(value) ? value : Buffer.from(value);
    for (const [index, { key, value, headers = {} }] of records.entries()) {
      expect(read[index]?.key ?? null).toEqual(bytes(key));
      expect(bytes(value)?.equals(read[index]?.value ?? Buffer.from('missing')) ?? read[index]?.value).toBe(
        value == null ? null : true,
      );
      expect(read[index]?.headers).toEqual(
        Object.fromEntries(Object.entries(headers).map(([name, one]) => [name, bytes(one as Buffer | string)])),
      );
    }
  });

  it('keep headers that come twice, that have no value, or whose names every object knows', async () => {
    const headers = { twice: ['a', 'b', 'c'], none: null, toString: 'mine', ['__proto__']: 'own' };
    const [read] = await roundTrip([{ key: 'k', value: 'v', headers }]);
    expect(read?.headers['twice']).toEqual(['a', 'b', 'c'].map((value) => Buffer.from(value)));
    expect(read?.headers['none']).toBeNull();
    expect(read?.headers['toString']).toEqual(Buffer.from('mine'));
    expect(Object.entries(read?.headers ?? {})).toContainEqual(['__proto__', Buffer.from('own')]);
    expect(Object.getPrototypeOf(read?.headers)).toBe(Object.prototype);
  });

  it('keep time differences of any size', async () => {
    const deltas = [0, 1, -1, 63, 64, 2 ** 29, 2 ** 30, 2 ** 31, 2 ** 40, -(2 ** 33)];
    const read = await roundTrip(deltas.map((timestampDelta) => ({ value: 'v', timestampDelta })));
    expect(read.map(({ timestamp }) => Number(timestamp) - 1_000_000_000_000)).toEqual(deltas);
  });
});

describe('the patched request queue', () => {
  afterEach(() => vi.useRealTimers());

  const queue = (maxInFlightRequests: number) =>
    new RequestQueue({
      maxInFlightRequests,
      requestTimeout: 30_000,
      enforceRequestTimeout: false,
      clientId: 'test',
      broker: 'test',
      logger: { debug: () => {}, warn: () => {} },
    });
  const request = (correlationId: number, sent: number[]) => ({
    entry: { correlationId, apiName: 'Test', apiKey: 0, apiVersion: 0, resolve: () => {}, reject: () => {} },
    expectResponse: true,
    sendRequest: () => void sent.push(correlationId),
  });

  it('sets no timer when nothing waits', () => {
    vi.useFakeTimers();
    const requests = queue(5);
    const sent: number[] = [];
    requests.push(request(1, sent));
    requests.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
    expect(sent).toEqual([1]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('still sends what waits once throttling is over', () => {
    vi.useFakeTimers();
    const requests = queue(5);
    const sent: number[] = [];
    requests.maybeThrottle(500);
    requests.push(request(1, sent));
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(600);
    expect(sent).toEqual([1]);
    requests.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the patched grouping by partition', () => {
  it('keeps the order of each partition', () => {
    const messages = Array.from({ length: 10 }, (_, index) => ({ value: index }));
    const partitioner = ({ message }: { message: { value: number } }): number => message.value % 2;
    expect(groupMessagesPerPartition({ topic: 't', partitionMetadata: [{}, {}], messages, partitioner })).toEqual({
      0: [0, 2, 4, 6, 8].map((value) => ({ value })),
      1: [1, 3, 5, 7, 9].map((value) => ({ value })),
    });
  });
});
