import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { OrderCancellationSubmitted, OrderSubmitted } from '@baton/contracts';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { superstoreOrders } from '../../sample/superstore.js';
import { baton } from '../../testing/baton.js';

const { Kafka, logLevel } = kafkajs;
const brokers = process.env['BATON_TEST_KAFKA'] ?? '';
const EXAMPLE = fileURLToPath(new URL('../../../../../docs/examples/publish-order.mjs', import.meta.url));
const DEADLINE_MS = 30_000;
/** The broker is shared by many tests: whatever has this in its id is ours. */
const mark = `r${Date.now() % 1_000_000_000}`;
const round = String(Date.now() % 1_000_000);

interface Got {
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly orderId?: string };
}

const kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
const admin = kafka.admin();
const consumer = kafka.consumer({ groupId: `client-test-${mark}` });
const got: Got[] = [];

beforeAll(async () => {
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'orders-intake', numPartitions: 4 }], waitForLeaders: true });
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders-intake', fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)] as const);
      got.push({
        key: message.key?.toString(),
        headers: Object.fromEntries(headers),
        body: parsed(message.value),
      });
    },
  });
});

afterAll(async () => {
  await consumer.disconnect();
  await admin.disconnect();
});

const parsed = (value: Buffer | null): Got['body'] => {
  try {
    return JSON.parse(value?.toString('utf8') ?? 'null') ?? {};
  } catch {
    return {};
  }
};

/** The records whose key is one of these, once there are as many. */
const records = async (...keys: readonly string[]): Promise<readonly Got[]> => {
  const found = () => got.filter(({ key }) => key !== undefined && keys.includes(key));
  await expect.poll(() => found().length, { timeout: DEADLINE_MS }).toBeGreaterThanOrEqual(keys.length);
  return found();
};

test('sample orders reach the intake keyed by order id, as CloudEvents in binary mode', async () => {
  const expected = superstoreOrders({ round: Number(round) }).slice(0, 3);
  const args = ['publish', '--sample', 'superstore', '--count', '3', '--round', round, '--kafka', brokers];
  expect(await baton(args)).toEqual({ code: 0, out: '3 events written to Kafka.\n', err: '' });
  const found = await records(...expected.map(({ orderId }) => orderId));
  expect(found).toHaveLength(3);
  for (const { key, headers, body } of found) {
    expect(body).toEqual({ ...expected.find(({ orderId }) => orderId === key), onShortage: 'backorder' });
    expect(headers).toEqual({
      ce_specversion: '1.0',
      ce_id: `${key}/0/OrderSubmitted/1`,
      ce_type: OrderSubmitted.type,
      ce_source: '/baton/cli',
      ce_subject: key,
      ce_time: expect.stringMatching(/^\d{4}-.*Z$/),
      'content-type': 'application/json',
    });
  }
});

test('a CloudEvent keeps its id, source and time', async () => {
  const orderId = `cancel-${mark}`;
  const event = {
    specversion: '1.0',
    type: OrderCancellationSubmitted.type,
    id: 'wish-1',
    source: '/shop',
    time: '2026-11-08T09:30:00Z',
    data: { orderId },
  };
  const { code } = await baton(['publish', '-', '--kafka', brokers], { stdin: JSON.stringify(event) });
  expect(code).toBe(0);
  expect(await records(orderId)).toMatchObject([
    { headers: { ce_id: 'wish-1', ce_source: '/shop', ce_time: event.time, ce_type: event.type }, body: { orderId } },
  ]);
});

test('the script of the documentation writes an order', async () => {
  const orderId = `script-${mark}`;
  const env = { ...process.env, KAFKA_BROKERS: brokers };
  const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE, orderId], { env, timeout: DEADLINE_MS });
  expect(stdout).toContain(orderId);
  const [record] = await records(orderId);
  expect(OrderSubmitted.schema.safeParse(record?.body).success).toBe(true);
  expect(record?.headers).toMatchObject({ ce_type: OrderSubmitted.type });
});

test('a broker that is not there ends in 3', async () => {
  const { code, err } = await baton(['publish', '--sample', 'superstore', '--kafka', '127.0.0.1:9']);
  expect(code).toBe(3);
  expect(err).toMatch(/No Kafka broker answers at 127\.0\.0\.1:9/);
});
