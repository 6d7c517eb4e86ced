import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatonClient } from '@baton/client';
import { eventually } from '@baton/messaging/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Collector, startCollector } from './support/collector.js';
import { send } from './support/http.js';
import { mailAbout } from './support/mails.js';
import { line, order } from './support/orders.js';
import { type Program, start } from './support/program.js';
import { PATIENCE_MS } from './support/system.js';
import { expectOneTrace } from './support/trace.js';

let collector: Collector;
let folder: string;
let program: Program;
let url: string;

beforeAll(async () => {
  collector = await startCollector();
  folder = mkdtempSync(join(tmpdir(), 'baton-trace-'));
  program = start(['--orders', '0', '--data', folder, '--port', '0', '--speed', '10'], collector.env);
  url = (await program.says(/orders +(http:\S+)\/orders$/m))[1] ?? '';
});
afterAll(async () => {
  program?.signal('SIGTERM');
  await program?.ended;
  await collector?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Articles of the sample catalogue: one with stock, one without. */
const IN_STOCK = 'FUR-BO-10001798';
const OUT_OF_STOCK = 'FUR-CH-10002965';
const submit = (orderId: string, sku: string) =>
  send('POST', `${url}/orders`, JSON.stringify(order(orderId, { region: 'South', lines: [line(sku, 2)] })));

test('one order is one trace from its HTTP request to its last mail, whatever people and carriers do in between', async () => {
  expect((await submit('traced', IN_STOCK)).status).toBe(201);
  await mailAbout(url, 'traced', 1, 'shipment-delivered');
  await eventually(() => expectOneTrace(collector.spans, 'traced', 'POST', 3), PATIENCE_MS);
});

test('a cancellation and a replenishment are other requests, but what they lead to belongs to the order', async () => {
  expect((await submit('short', OUT_OF_STOCK)).status).toBe(201);
  await mailAbout(url, 'short', 2, 'order-delayed');
  const client = new BatonClient({ url });
  const { levels } = await client.stock.get(OUT_OF_STOCK);
  await client.stock.replenish(OUT_OF_STOCK, levels[0]?.location ?? '', 2);
  await mailAbout(url, 'short', 2, 'shipment-dispatched');
  await client.orders.cancel('short');
  await mailAbout(url, 'short', 0, 'cancellation-refused');
  await mailAbout(url, 'short', 2, 'shipment-delivered');
  await eventually(() => expectOneTrace(collector.spans, 'short', 'POST', 5), PATIENCE_MS);
});

test('neither spans nor logs name a person', () => {
  const personal = /Quellwasser|Kornblumenweg|customers\.example/i;
  expect(collector.spans.length).toBeGreaterThan(0);
  expect(collector.spans.filter(({ text }) => personal.test(text))).toEqual([]);
  const log = readFileSync(join(folder, 'embedded', 'baton.log'), 'utf8')
    .trim()
    .split('\n');
  expect(log.length).toBeGreaterThan(0);
  expect(log.filter((entry) => personal.test(entry))).toEqual([]);
});
