import kafkajs from 'kafkajs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { topic, unique } from '../testing/member.js';
import { KafkaTransport } from './kafka-transport.js';

// What patches/kafkajs@2.2.4.patch changes is inside kafkajs, so this looks inside.
const require = createRequire(import.meta.url);

interface Encoder {
  readonly buffer: Buffer;
  writeInt8(value: number): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: unknown): Encoder;
  writeString(value: string): Encoder;
}
interface Decoder {
  readInt64(): bigint;
  readInt64Text(): string;
}
interface Fetched {
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
  }[];
}
const NewEncoder = require('kafkajs/src/protocol/encoder') as new () => Encoder;
const NewDecoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => Decoder;
const createWorker = require('kafkajs/src/consumer/worker') as (options: object) => object;
const createWorkerQueue = require('kafkajs/src/consumer/workerQueue') as (options: object) => {
  push(...batches: readonly string[]): Promise<void>;
};
const fetchRequest = require('kafkajs/src/protocol/requests/fetch/v11/request') as (options: object) => {
  encode(): Promise<Encoder>;
};
const fetchResponse = require('kafkajs/src/protocol/requests/fetch/v11/response') as {
  decode(payload: Buffer): Promise<Fetched>;
};

describe('numbers of 64 bits through the patched kafkajs', () => {
  it.each([
    0n,
    1n,
    -1n,
    2n ** 31n,
    2n ** 32n,
    -(2n ** 32n),
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 53n + 1n,
    -(2n ** 53n) - 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ])('come back as they were written: %s', (value) => {
    const expected = Buffer.alloc(8);
    expected.writeBigInt64BE(value);
    const written = new NewEncoder().writeInt64(String(value)).writeInt64(value).buffer;
    expect(written).toEqual(Buffer.concat([expected, expected]));
    expect(new NewDecoder(expected).readInt64Text()).toBe(String(value));
    expect(new NewDecoder(expected).readInt64()).toBe(value);
  });
});

describe("the patched consumer's queue", () => {
  const queueOf = (workers: number, handler: (batch: string) => Promise<void>) =>
    createWorkerQueue({
      workers: Array.from({ length: workers }, (_, workerId) => createWorker({ workerId, handler })),
    });

  it.each([1, 2, 10])('handles each batch once, as many at a time as there are workers (%i)', async (workers) => {
    const handled: string[] = [];
    let atOnce = 0;
    let most = 0;
    const queue = queueOf(workers, async (batch) => {
      most = Math.max(most, (atOnce += 1));
      await new Promise((resolve) => setImmediate(resolve));
      handled.push(batch);
      atOnce -= 1;
    });
    // The second one comes while the workers are at the first, the third as soon as they have ended.
    const batches = Array.from({ length: 15 }, (_, index) => `${index}`);
    await Promise.all([queue.push(...batches.slice(0, 5)), queue.push(...batches.slice(5, 10))]);
    await queue.push(...batches.slice(10));
    expect(handled).toEqual(batches);
    expect(most).toBe(workers);
  });

  it('tells the failure of a batch, after the others are handled, and goes on with the next ones', async () => {
    const handled: string[] = [];
    const queue = queueOf(1, async (batch) => {
      if (batch === 'bad') throw new Error('refused');
      handled.push(batch);
    });
    await expect(queue.push('bad', 'good')).rejects.toThrow('refused');
    await queue.push('next');
    expect(handled).toEqual(['good', 'next']);
  });
});

describe('fetches of the patched kafkajs', () => {
  it('name what they ask for as the protocol wants it', async () => {
    const topics = [
      { topic: 'ä', partitions: [{ partition: 1, fetchOffset: '7', maxBytes: 10 }] },
      {
        topic: 'b',
        partitions: [2, 3].map((partition) => ({ partition, fetchOffset: '9007199254740993', maxBytes: 11 })),
      },
    ];
    const options = { replicaId: -1, maxWaitTime: 500, minBytes: 1, maxBytes: 99, isolationLevel: 1, topics };
    const expected = new NewEncoder();
    expected.writeInt32(-1).writeInt32(500).writeInt32(1).writeInt32(99).writeInt8(1).writeInt32(0).writeInt32(-1);
    expected.writeInt32(2);
    for (const one of topics) {
      expected.writeString(one.topic).writeInt32(one.partitions.length);
      for (const { partition, fetchOffset, maxBytes } of one.partitions) {
        expected
          .writeInt32(partition)
          .writeInt32(-1)
          .writeInt64(BigInt(fetchOffset))
          .writeInt64(-1n)
          .writeInt32(maxBytes);
      }
    }
    expected.writeInt32(0).writeString('');
    expect((await fetchRequest(options).encode()).buffer).toEqual(expected.buffer);
  });

  it('pass over partitions without news, and over nothing else', async () => {
    const answer = new NewEncoder()
      .writeInt32(0)
      .writeInt16(0)
      .writeInt32(0)
      .writeInt32(1)
      .writeString('t')
      .writeInt32(5);
    const partition = (id: number, { error = 0, aborted = -1, replica = -1, records = 0 }): void => {
      answer.writeInt32(id).writeInt16(error).writeInt64(5).writeInt64(5).writeInt64(0).writeInt32(aborted);
      for (let index = 0; index < aborted; index++) answer.writeInt64(1).writeInt64(2);
      answer.writeInt32(replica).writeInt32(records);
    };
    partition(0, {});
    partition(1, { error: 1 });
    partition(2, { aborted: 1 });
    partition(3, { aborted: 0, records: -1 });
    partition(4, { replica: 2 });
    const { responses } = await fetchResponse.decode(answer.buffer);
    expect(responses).toHaveLength(1);
    expect(responses[0]?.topicName).toBe('t');
    expect(responses[0]?.partitions.map(({ partition: id, errorCode }) => [id, errorCode])).toEqual([
      [1, 1],
      [2, 0],
      [4, 0],
    ]);
  });
});

describe('a stranger who writes with transactions', () => {
  const brokers = (process.env['BATON_TEST_KAFKA'] ?? '').split(',');
  const client = new kafkajs.Kafka({ brokers, clientId: 'stranger', logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  const group = unique('group');
  const consumer = client.consumer({ groupId: group, maxWaitTimeInMs: 100 });
  const producer = client.producer({ transactionalId: unique('id'), idempotent: true, maxInFlightRequests: 1 });
  beforeAll(() => Promise.all([admin.connect(), consumer.connect(), producer.connect()]));
  afterAll(() => Promise.all([admin.disconnect(), consumer.disconnect(), producer.disconnect()]));

  it('is read once, without what was aborted, and over markers and aborted records the offset moves on', async () => {
    const name = unique('transactions');
    const transport = await KafkaTransport.connect({ brokers, clientId: 'makes-topics' });
    await transport.ensureTopics([topic(name, 4)]);
    await transport.close();
    const send = async (partition: number, value: string, end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await producer.transaction();
      await transaction.send({ topic: name, messages: [{ partition, value }] });
      await transaction[end]();
    };
    await send(0, 'first', 'commit');
    // To partition 1 nothing but what is not to be read, to partitions 2 and 3 nothing at all.
    await send(1, 'aborted', 'abort');
    const read: string[] = [];
    await consumer.subscribe({ topics: [name], fromBeginning: true });
    await consumer.run({
      autoCommitThreshold: 1,
      eachBatch: async ({ batch }) => void read.push(...batch.messages.map(({ value }) => String(value))),
    });
    const offsets = async (): Promise<readonly string[]> => {
      const [found] = await admin.fetchOffsets({ groupId: group, topics: [name] });
      return (found?.partitions ?? []).toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset);
    };
    const committed = (expected: readonly string[]): Promise<unknown> =>
      vi.waitUntil(async () => String(await offsets()) === String(expected), { timeout: 30_000, interval: 50 });
    await committed(['2', '2', '-1', '-1']);
    await send(1, 'aborted again', 'abort');
    await committed(['2', '4', '-1', '-1']);
    await send(1, 'last', 'commit');
    await committed(['2', '6', '-1', '-1']);
    expect(read).toEqual(['first', 'last']);
  });
});
