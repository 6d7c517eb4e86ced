import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { eventually } from '@baton/messaging/testing';
import { type Kafka, settle, startKafka, startProcesses } from '@baton/run';
import { obedient } from '@baton/shipping';
import * as kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Collector, startCollector } from './support/collector.js';
import { deadLetters, headersOf } from './support/intake.js';
import { mailAbout } from './support/mails.js';
import { line, order } from './support/orders.js';
import { PATIENCE_MS, type TestSystem, testSystem } from './support/system.js';
import { expectOneTrace } from './support/trace.js';

const EXAMPLE = fileURLToPath(new URL('../../../docs/examples/publish-order.mjs', import.meta.url));
/** The article of the example. */
const SKU = 'FUR-BO-10001798';

let folder: string;
let broker: Kafka;
let collector: Collector;
let world: TestSystem;

/** A broker of its own: the topics and groups of two systems on one broker would be the same. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-e2e-kafka-'));
  broker = await startKafka({ dataDir: join(folder, 'broker') });
  collector = await startCollector();
  // What the services inherit.
  Object.assign(process.env, collector.env, { KAFKA_BROKERS: broker.brokers });
  const places = await settle(join(folder, 'system'), 0);
  const said: string[] = [];
  const system = await startProcesses(
    places,
    { deliverySeconds: 0, packingSeconds: 0, staff: 4, carriers: obedient },
    (words) => said.push(words),
  );
  world = testSystem(system, places, said, () => system.stop());
  await world.client.stock.import([{ sku: SKU, location: 'South', onHand: 1_000 }]);
}, 300_000);
afterAll(async () => {
  await world?.stop();
  await broker?.stop();
  await collector?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('an order written by the example, with nothing but a Kafka client, is fulfilled', async () => {
  const example = spawn(process.execPath, [EXAMPLE, 'by-example'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, KAFKA_BROKERS: broker.brokers },
  });
  const [[code], said, errors] = await Promise.all([
    once(example, 'close'),
    textOf(example.stdout),
    textOf(example.stderr),
  ]);
  expect([code, said], errors).toEqual([0, 'published order by-example\n']);
  await world.reaches('by-example', 'completed');
  const mail = await mailAbout(world.url, 'by-example', 1, 'shipment-delivered');
  expect(mail.recipients).toEqual(['claire@example.test']);
  // No trace came with it: it begins where the order is taken in, and goes through six processes.
  await eventually(() => expectOneTrace(collector.spans, 'by-example', 'react OrderSubmitted', 3), PATIENCE_MS);
  expect(collector.spans.filter(({ text }) => /Gute|Main Street|claire@/.test(text))).toEqual([]);
});

test('records without a key or with a wrong one are put aside with the reason; the orders around them are completed', async () => {
  const producer = new kafkajs.Kafka({
    clientId: 'a-shop',
    brokers: [broker.brokers],
    logLevel: kafkajs.logLevel.ERROR,
  }).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  const input = (orderId: string) => JSON.stringify(order(orderId, { region: 'South', lines: [line(SKU)] }));
  await producer.connect();
  try {
    await producer.send({
      topic: 'orders-intake',
      messages: [
        { key: 'before', value: input('before'), headers: headersOf('before') },
        { value: input('keyless'), headers: headersOf('keyless') },
        { key: 'one', value: input('another'), headers: headersOf('one') },
        { key: 'nothing', value: null, headers: headersOf('nothing') },
        { key: 'plain', value: input('plain') },
        { key: 'after', value: input('after'), headers: headersOf('after') },
      ],
    });
  } finally {
    await producer.disconnect();
  }
  const dead = await deadLetters(world, 'orders', 3);
  expect(dead.map(({ reason }) => reason).toSorted()).toEqual([
    'The record has no body.',
    'The record has no key; its order id (keyless) must be its key.',
    `The record's key "one" and its body's order "another" disagree.`,
  ]);
  const books = await world.settled(['before', 'plain', 'after']);
  expect(books).toMatchObject({ placed: 3, completed: 3, incidents: 0, stock_drift: 0, mails: 9 });
});
