import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import { eventually } from '@baton/messaging/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Collector, startCollector } from './support/collector.js';
import { PATIENCE_MS } from './support/system.js';

const OTEL = import.meta.resolve('@baton/service-kit/otel');
const GATEWAY = fileURLToPath(new URL('main.js', import.meta.resolve('@baton/gateway')));

let collector: Collector;
/** Stands for every service behind the gateway. */
let service: Server;
let child: ChildProcess | undefined;
const requests: { readonly request: IncomingMessage; readonly response: ServerResponse }[] = [];

beforeEach(async () => {
  collector = await startCollector();
  service = createServer((request, response) => void requests.push({ request, response }));
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  requests.length = 0;
  service.closeAllConnections();
  service.close();
  await collector.close();
});

/** Starts Node with telemetry, which is sent at the end alone. */
const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess => {
  child = spawn(process.execPath, ['--import', OTEL, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, ...collector.env, OTEL_BSP_SCHEDULE_DELAY: '600000', ...env },
  });
  return child;
};

/** The gateway as a process of its own; its address. */
const startGateway = async (): Promise<string> => {
  const { port } = service.address() as AddressInfo;
  const names = ['ORDERS', 'COORDINATOR', 'INVENTORY', 'WAREHOUSE', 'SHIPPING', 'NOTIFICATION'];
  const urls = Object.fromEntries(names.map((name) => [`${name}_URL`, `http://127.0.0.1:${port}`]));
  const [ready] = await once(start([GATEWAY], { ...urls, PORT: '0', LOG_LEVEL: 'silent' }), 'message');
  return (ready as { readonly url: string }).url;
};

test('what a process finishes after it was told to stop is traced too, without the query and whoever asked', async () => {
  const url = await startGateway();
  const answer = fetch(`${url}/orders?name=Quellwasser`, {
    headers: { 'user-agent': 'Quellwasser', 'x-forwarded-for': '203.0.113.77' },
  });
  await eventually(() => expect(requests).toHaveLength(1), PATIENCE_MS);
  child?.kill('SIGTERM');
  // It takes nothing more in: it has heard that it is to stop.
  await eventually(() => expect(fetch(`${url}/health/live`)).rejects.toThrow(), PATIENCE_MS);
  requests[0]?.response.end('{}');
  expect((await answer).status).toBe(200);
  if (child) expect(await once(child, 'exit')).toEqual([0, null]);
  const spans = collector.spans.filter(({ name }) => name === 'GET');
  expect(spans.map(({ attributes }) => attributes['url.full'] ?? attributes['url.path'] ?? '').toSorted()).toEqual([
    '/orders',
    `http://127.0.0.1:${(service.address() as AddressInfo).port}/orders`,
  ]);
  expect(spans.filter(({ text }) => /Quellwasser|203\.0\.113\.77/.test(text))).toEqual([]);
});

test('a unit of work is linked to all its messages, though they are many', async () => {
  const script = `
    import { trace } from ${JSON.stringify(import.meta.resolve('@opentelemetry/api'))};
    import { endTelemetry } from ${JSON.stringify(import.meta.resolve('@baton/service-kit'))};
    const span = trace.getTracer('test').startSpan('unit of work');
    for (let n = 1; n <= 2000; n += 1) {
      const traceId = n.toString(16).padStart(32, '0');
      span.addLink({ context: { traceId, spanId: '00000000000000ff', traceFlags: 1 } });
    }
    span.end();
    await endTelemetry();
    process.exit(0);`;
  expect(await once(start(['--input-type=module', '--eval', script]), 'exit')).toEqual([0, null]);
  const [span] = collector.spans.map(({ text }) => JSON.parse(text) as { readonly links: readonly unknown[] });
  expect(span?.links).toHaveLength(2_000);
});
