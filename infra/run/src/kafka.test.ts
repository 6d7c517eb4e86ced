import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka as Client, logLevel } from 'kafkajs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Kafka, startKafka } from './kafka.js';
import { startFromParent } from './killed-parent.fixture.js';
import { identityOf, processesOf, within } from './processes-identity.js';

let folder: string;
let lines: string[];
let started: Kafka[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-kafka-'));
  lines = [];
  started = [];
});

afterEach(async () => {
  await Promise.all(started.map((kafka) => kafka.stop()));
  expect(processesOf('java', folder)).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<Kafka> {
  const kafka = await startKafka({ dataDir: join(folder, 'data'), log: (line) => lines.push(line) });
  started.push(kafka);
  return kafka;
}

function clientOf(kafka: Kafka, retries = 8): Client {
  return new Client({ clientId: 'test', brokers: [kafka.brokers], logLevel: logLevel.NOTHING, retry: { retries } });
}

async function produce(kafka: Kafka, topic: string, values: readonly string[], retries = 8): Promise<void> {
  const producer = clientOf(kafka, retries).producer({ allowAutoTopicCreation: true });
  await producer.connect();
  try {
    await producer.send({ topic, messages: values.map((value) => ({ key: 'k', value })) });
  } finally {
    await producer.disconnect();
  }
}

/** Reads `count` messages in a group and commits them. */
async function consume(kafka: Kafka, topic: string, count: number): Promise<readonly string[]> {
  const consumer = clientOf(kafka).consumer({ groupId: 'readers' });
  const read: string[] = [];
  const all = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      read.push(message.value?.toString() ?? '');
      if (read.length === count) all.resolve();
    },
  });
  const complete = await within(60_000, all.promise);
  await consumer.disconnect(); // commits what was read
  return complete ? read : [...read, 'and then nothing'];
}

test('A broker that is killed starts again on its port, with its messages and its committed offsets', async () => {
  const first = await start();
  const admin = clientOf(first).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: 3 }] });
  await expect(produce(first, 'never-declared', ['x'], 1)).rejects.toThrow(/does not host this topic-partition/);
  expect(await admin.listTopics()).toEqual(['orders']);
  await admin.disconnect();
  await produce(first, 'orders', ['1', '2', '¾ 🚚']);
  expect(await consume(first, 'orders', 3)).toEqual(['1', '2', '¾ 🚚']);
  await produce(first, 'orders', ['4']);
  process.kill(first.pid, 'SIGKILL');
  expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });

  const second = await start();
  expect(second.brokers).toBe(first.brokers);
  await produce(second, 'orders', ['5']);
  expect(await consume(second, 'orders', 2)).toEqual(['4', '5']);
  await second.stop();
  expect(identityOf(second.pid)).toBeUndefined();
  expect(await second.exited).toEqual({ code: 143, signal: null }); // Java's own exit after SIGTERM: it closed its logs
});

test('A broker that a killed parent has left is shut down and started anew', async () => {
  const left = await startFromParent('kafka', 'startKafka', join(folder, 'data'));
  await expect(start()).rejects.toThrow(`Process ${left.parent} is already running on`);
  await left.kill();
  expect(identityOf(left.pid)).toBeDefined();

  const kafka = await start();
  expect(identityOf(left.pid)).toBeUndefined();
  expect(kafka.pid).not.toBe(left.pid);
  expect(lines).toEqual([`Kafka (pid ${left.pid}) is left from an earlier run; shutting it down`]);
});

test('Without Java, Maven and Docker the error names what to install', async () => {
  const { PATH, JAVA_HOME } = process.env;
  process.env['PATH'] = folder;
  delete process.env['JAVA_HOME'];
  try {
    await expect(start()).rejects.toThrow(/needs Java 17 or later with Maven, or a running Docker.*KAFKA_BROKERS/s);
  } finally {
    Object.assign(process.env, { PATH }, JAVA_HOME !== undefined && { JAVA_HOME });
  }
});
