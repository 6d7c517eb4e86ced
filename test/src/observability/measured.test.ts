import { coordinator } from '@baton/coordinator';
import { inventory } from '@baton/inventory';
import { instruments } from '@baton/messaging';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { orders } from '@baton/orders';
import { groundMetrics, type RunningService, startService } from '@baton/service-kit';
import { warehouse } from '@baton/warehouse';
import { metrics } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ByHand } from './samples.js';
import { declared } from './series.js';

// Four services in one process, and one order that finds no stock.
const definitions = [orders, coordinator, inventory, warehouse];
const running: { readonly service: RunningService; readonly database: FreshDatabase }[] = [];
const reader = new ByHand();
const transport = new MemoryTransport();

interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

/** What is measured now, by the name of the instrument. */
const collect = async (): Promise<ReadonlyMap<string, readonly Point[]>> => {
  const { resourceMetrics } = await reader.collect();
  return new Map(
    resourceMetrics.scopeMetrics.flatMap((scope) =>
      scope.metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints as readonly Point[]] as const),
    ),
  );
};
const valueOf = async (name: string, attributes: Readonly<Record<string, string>> = {}): Promise<unknown> =>
  (await collect())
    .get(name)
    ?.find((point) => Object.entries(attributes).every(([key, value]) => point.attributes[key] === value))?.value;

beforeAll(async () => {
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  for (const definition of definitions) {
    const database = await freshDatabase();
    const env = { DATABASE_URL: database.url, LOG_LEVEL: 'silent', KPI_ROLLUP_SECONDS: '0.1' };
    running.push({ database, service: await startService(definition, { env, transport }) });
  }
  const response = await fetch(`${running[0]?.service.url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'one' },
    body: JSON.stringify({
      orderId: 'o-1',
      customer: {
        name: 'Ada',
        email: 'ada@example.test',
        address: { city: 'Paris', postalCode: '75001', country: 'France' },
      },
      serviceLevel: 'standard',
      onShortage: 'backorder',
      lines: [{ lineId: 'a', sku: 'chair', quantity: 2 }],
    }),
  });
  expect(response.status).toBeLessThan(300);
});
afterAll(async () => {
  for (const { service, database } of running.toReversed()) {
    await service.stop();
    await database.drop();
  }
  metrics.disable();
});

it('measures what became of an order', async () => {
  await eventually(async () => {
    expect(await valueOf('baton.saga.started', { definition: 'order-fulfilment' })).toBe(1);
    expect(await valueOf('baton.saga.ended', { outcome: 'cancelled' })).toBe(1);
    expect(await valueOf('baton.saga.causes', { kind: 'cancelled' })).toBe(1);
  });
  await eventually(async () => expect(await valueOf('baton.orders', { status: 'cancelled' })).toBe(1));
  expect(await valueOf('baton.saga.active', { step: 'reserve' })).toBe(0);
  for (const always0 of ['baton.saga.unwatched', 'baton.stock.drift', 'baton.deadlines.late']) {
    expect(await valueOf(always0), always0).toBe(0);
  }
});

it('answers for every gauge, with the attributes that are declared', async () => {
  const measured = await collect();
  const gauges = declared.filter(({ kind }) => kind === 'gauge');
  for (const { name, attributes } of gauges) {
    const points = measured.get(name) ?? [];
    expect(points.length, name).toBeGreaterThan(0);
    for (const point of points) {
      expect(Object.keys(point.attributes).toSorted(), name).toEqual(Object.keys(attributes).toSorted());
      expect(point.value, name).toBeGreaterThanOrEqual(0);
    }
  }
  const used = (measured.get(groundMetrics.diskUsed.name) ?? []).map(({ value }) => Number(value));
  expect(used).toHaveLength(definitions.length);
  for (const share of used) expect(share).toBeLessThanOrEqual(1);
});

it('says how many records wait, and for how long the oldest has', async () => {
  const waiting = { service: 'inventory', topic: 'orders' };
  const lag = async () => [
    await valueOf(instruments.lag.name, waiting),
    Number(await valueOf(instruments.lagAge.name, waiting)) > 60,
  ];
  await eventually(async () => expect(await lag()).toEqual([0, false]));
  const inventoryDatabase = running.find(({ service }) => service.name === 'inventory')?.database;
  const blocker = new pg.Client({ connectionString: inventoryDatabase?.url });
  await blocker.connect();
  await blocker.query('begin');
  await blocker.query('select from position for update');
  // The transport in memory says of every record that it was written at the beginning of 2026.
  transport.deliver(transport.records.filter(({ headers }) => headers['ce_type']?.includes('OrderPlaced')));
  await eventually(async () => expect(await lag()).toEqual([1, true]));
  await blocker.query('rollback');
  await blocker.end();
  await eventually(async () => expect(await lag()).toEqual([0, false]));
  expect(await valueOf(instruments.lagAge.name, waiting)).toBe(0);
});

it('measures nothing that is not declared', async () => {
  const names = new Set(declared.map(({ name }) => name));
  expect([...(await collect()).keys()].filter((name) => !names.has(name))).toEqual([]);
  expect(names.size).toBe(declared.length);
  expect(names).toContain(instruments.lag.name);
});
