import { OrderCancellationRequested, StockReleased, StockReplenished } from '@baton/contracts';
import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import { hrTimeToMilliseconds, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  StackContextManager,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { YOUNG_MS } from '../telemetry/trace-age.js';
import { reactionAttributes } from '../telemetry/trouble.js';
import { eventually } from '../testing/index.js';
import { Add } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';
import { encode } from '../wire/cloud-events.js';

const exporter = new InMemorySpanExporter();
const world = TallyWorld.ofEachTest();

beforeAll(() => {
  context.setGlobalContextManager(new StackContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
});
afterAll(() => {
  trace.disable();
  propagation.disable();
  context.disable();
});
beforeEach(() => exporter.reset());

const TRACE = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const PARENT = { traceparent: `00-${TRACE}-bbbbbbbbbbbbbbbb-01` };
/** A trace that began so many milliseconds ago. */
const aged = (ms: number) => ({ ...PARENT, tracestate: `baton=${Math.floor((Date.now() - ms) / 1_000)}` });

const wish = (orderId: string, number: number, headers: Readonly<Record<string, string>> = {}) =>
  encode(OrderCancellationRequested({ orderId, wish: number }, number), '2026-01-01T00:00:00.000Z', headers);
const spansNamed = (name: string): readonly ReadableSpan[] =>
  exporter.getFinishedSpans().filter((span) => span.name === name);
const reactions = (): readonly ReadableSpan[] => spansNamed('react OrderCancellationRequested');
const eventNames = (span: ReadableSpan | undefined) => span?.events.map(({ name }) => name);

test('while a trace is young, whatever happens to its order belongs to it, and hands its beginning on', async () => {
  await world.start();
  const age = aged(YOUNG_MS - 60_000);
  world.transport.deliver([wish('new', 1, PARENT), wish('young', 1, age)]);
  await eventually(() => expect(world.transport.records).toHaveLength(2));
  expect(reactions().map((span) => [span.spanContext().traceId, span.links])).toEqual([
    [TRACE, []],
    [TRACE, []],
  ]);
  const [fresh, young] = world.transport.records.map(({ headers }) => headers);
  expect(fresh?.traceparent).toContain(TRACE);
  expect(Math.abs(Number(fresh?.tracestate?.slice('baton='.length)) - Date.now() / 1_000)).toBeLessThan(60);
  expect(young?.tracestate).toBe(age.tracestate);
});

test('a visit long after the start begins a trace of its own, linked to the first, under the key of its order', async () => {
  await world.start();
  world.transport.deliver([wish('old', 1, aged(YOUNG_MS + 60_000))]);
  await eventually(() => expect(world.transport.records).toHaveLength(1));
  const [span] = reactions();
  expect(span?.spanContext().traceId).not.toBe(TRACE);
  expect(span?.parentSpanContext).toBeUndefined();
  expect(span?.links.map((link) => link.context.traceId)).toEqual([TRACE]);
  expect(span?.attributes['baton.key']).toBe('old');
  // What follows from the visit belongs to the visit's trace, which is young.
  const headers = world.transport.records[0]?.headers;
  expect(headers?.traceparent).toContain(span?.spanContext().traceId);
  expect(Number(headers?.tracestate?.slice('baton='.length))).toBeGreaterThan(Date.now() / 1_000 - 60);
});

test('an effect remembers when the trace of its message began', async () => {
  const service = await world.start({ ring: () => Promise.reject(new Error('away')) });
  await service.pipeline.submit(Add, { orderId: 'a', amount: 7 });
  await eventually(() => expect(spansNamed('perform Ring').length).toBeGreaterThan(1));
  const [row] = await world.query('select trace from effect');
  expect(row?.['trace']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01;baton=\d+$/);
  const [first, second] = spansNamed('perform Ring');
  expect(first?.attributes).toMatchObject({ 'baton.key': 'a', 'baton.effect.attempt': 1 });
  expect(second?.attributes).toMatchObject({ 'baton.effect.attempt': 2 });
  expect(second?.spanContext().traceId).toBe(first?.spanContext().traceId);
  expect(first?.status.code).toBe(SpanStatusCode.ERROR);
  expect(eventNames(first)).toEqual(['exception']);
});

test('a call that had no answer is told at once, though the database does not take that in', async () => {
  const blocker = new pg.Client({ connectionString: world.database.url });
  await blocker.connect();
  const ring = async (): Promise<never> => {
    await blocker.query('begin');
    await blocker.query('lock table effect');
    throw new Error('away');
  };
  const service = await world.start({ ring });
  try {
    await service.pipeline.submit(Add, { orderId: 'a', amount: 7 });
    await eventually(() => expect(spansNamed('perform Ring')).toHaveLength(1));
  } finally {
    await blocker.end();
  }
});

test('a message that fails shows its error, its retries, its end as a dead letter, and what waits behind it', async () => {
  await world.start({ poison: 2, tries: 2 });
  world.transport.deliver([wish('a', 2, PARENT), wish('a', 3, PARENT)]);
  await eventually(() => expect(reactions()).toHaveLength(2));
  const [first, second] = reactions();
  expect(first).toMatchObject({ status: { code: SpanStatusCode.ERROR }, attributes: { 'baton.outcome': 'retrying' } });
  expect(eventNames(first)).toEqual(['exception', 'tried again later']);
  expect(second?.attributes).toMatchObject({ 'baton.outcome': 'dead', 'baton.attempt': 2 });
  expect(eventNames(second)).toEqual(['exception', 'dead letter']);
  const parked = spansNamed('park OrderCancellationRequested');
  expect(parked.map((span) => span.attributes['baton.key'])).toEqual(['a']);
  for (const span of [first, second, ...parked]) expect(span?.spanContext().traceId).toBe(TRACE);
});

test('what is rolled back and done again is told once, as it ended, and the vain tries are errors', async () => {
  await world.start({ poison: 2, tries: 1 });
  // More than the table takes: the unit of work is halved until this one stands alone.
  const invalid = { ...wish('d', 1, PARENT), value: Buffer.from('{}') };
  world.transport.deliver([
    wish('a', 1, PARENT),
    wish('b', 2, PARENT),
    wish('b', 3, PARENT),
    invalid,
    wish('c', 5_000, PARENT),
  ]);
  const dead = () => world.query(`select key from held_message where state = 'dead' order by key`);
  await eventually(async () => expect(await dead()).toEqual([{ key: 'b' }, { key: 'c' }, { key: 'd' }]));
  await eventually(() =>
    expect(reactions().map(({ attributes }) => [attributes['baton.key'], attributes['baton.outcome']])).toEqual([
      ['a', undefined],
      ['b', 'dead'],
      ['c', 'dead'],
    ]),
  );
  for (const { startTime, endTime } of reactions())
    expect(hrTimeToMilliseconds(endTime)).toBeGreaterThanOrEqual(hrTimeToMilliseconds(startTime));
  expect(spansNamed('park OrderCancellationRequested')).toHaveLength(1);
  expect(spansNamed('refuse message')).toHaveLength(1);
  const units = spansNamed('unit of work').map(({ status, links }) => [
    status.code === SpanStatusCode.ERROR,
    links.length,
  ]);
  expect(units).toContainEqual([true, 4]);
  expect(units.filter(([isError]) => !isError).length).toBeGreaterThan(1);
});

test('a record that is no valid message is a dead letter in its trace', async () => {
  await world.start();
  world.transport.deliver([{ ...wish('a', 1, PARENT), value: Buffer.from('{}') }]);
  await eventually(() => expect(spansNamed('refuse message')).toHaveLength(1));
  const [span] = spansNamed('refuse message');
  expect(span?.spanContext().traceId).toBe(TRACE);
  expect(span).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'baton.outcome': 'refused', 'baton.key': 'a', 'baton.service': 'tally' },
  });
  expect(eventNames(span)).toEqual(['dead letter']);
});

test('what a request is refused with is told to whoever asked, and its code alone to the trace', async () => {
  const service = await world.start();
  const refused = service.pipeline.submit(Add, { orderId: 'a', amount: -1 }, { idempotencyKey: 'of Ann' });
  await expect(refused).rejects.toThrow('Only additions are taken.');
  const [span] = spansNamed('react Add');
  expect(span?.events.map(({ attributes }) => attributes?.['exception.message'])).toEqual(['below-zero']);
  expect(JSON.stringify([span?.attributes, span?.events])).not.toMatch(/additions|Ann/);
});

test('compensation is told apart from what goes forward', () => {
  const attributes = (name: string) => reactionAttributes('tally', { kind: 'record' }, { name, id: '1', key: 'a' });
  expect(attributes(StockReleased.eventName)['baton.compensation']).toBe(true);
  expect(attributes(StockReplenished.eventName)['baton.compensation']).toBeUndefined();
});
