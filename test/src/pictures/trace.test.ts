import { describe, expect, it } from 'vitest';
import { timelineOf } from './timeline.js';
import { tracePage } from './trace-page.js';
import { compensated, type JaegerSpan, type JaegerTrace, type Row, rowsOf, untroubled } from './trace-tree.js';

const TRACE = 'a1';
interface Wish {
  readonly id: string;
  readonly name: string;
  readonly parent?: string;
  readonly service?: string;
  readonly from?: number;
  readonly tags?: Readonly<Record<string, string | boolean>>;
}
const span = ({ id, name, parent, service = 'orders', from = 0, tags = {} }: Wish): JaegerSpan => ({
  spanID: id,
  operationName: name,
  references: parent === undefined ? [] : [{ refType: 'CHILD_OF', traceID: TRACE, spanID: parent }],
  startTime: 1_000_000 + from,
  duration: 10,
  processID: service,
  tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
});
const traceOf = (...wishes: readonly Wish[]): JaegerTrace => ({
  traceID: TRACE,
  spans: wishes.map(span),
  processes: Object.fromEntries(wishes.map(({ service = 'orders' }) => [service, { serviceName: `baton-${service}` }])),
});
const outline = (rows: readonly Row[]): readonly string[] =>
  rows.map(({ depth, name }) => `${'  '.repeat(depth)}${name}`);

describe('The spans of a trace', () => {
  it('stand below their parents, in the order in which they began', () => {
    const rows = rowsOf(
      traceOf(
        { id: '4', name: 'later', parent: '1', from: 30 },
        { id: '3', name: 'below', parent: '2', from: 50 },
        { id: '2', name: 'sooner', parent: '1', from: 20 },
        { id: '1', name: 'root' },
      ),
    );
    expect(outline(rows)).toEqual(['root', '  sooner', '    below', '  later']);
    expect(rows.map(({ parent }) => parent)).toEqual([undefined, 0, 1, 0]);
    expect(rows.map(({ begin, end }) => [begin, end])).toEqual([
      [0, 10],
      [20, 30],
      [50, 60],
      [30, 40],
    ]);
  });

  it('are passed to the next above where middleware is left out, and stand at the top without a parent', () => {
    const express = { 'otel.scope.name': '@opentelemetry/instrumentation-express' };
    const rows = rowsOf(
      traceOf(
        { id: '1', name: 'POST' },
        { id: '2', name: 'middleware', parent: '1', tags: express },
        { id: '3', name: 'handler', parent: '2', tags: express },
        { id: '4', name: 'react PlaceOrder', parent: '3', from: 5 },
        { id: '5', name: 'orphan', parent: 'lost', from: 9 },
      ),
    );
    expect(outline(rows)).toEqual(['POST', '  react PlaceOrder', 'orphan']);
  });

  it('are marked by what went wrong and what is undone', () => {
    const names = [
      'react ShipmentRejected',
      'react StockReleaseRequested',
      'react ShipmentCancelled',
      'react StockReserved',
    ];
    const rows = rowsOf(
      traceOf(...names.map((name, id) => ({ id: `${id}`, name, from: id })), {
        id: '9',
        name: 'POST',
        from: 9,
        tags: { error: true },
      }),
    );
    expect(rows.map(({ mark }) => mark)).toEqual(['trouble', 'undoing', 'undoing', undefined, 'failed']);
  });
});

describe('An order to show', () => {
  const services = ['gateway', 'coordinator', 'inventory', 'warehouse', 'shipping', 'notification'];
  const rowsWith = (events: readonly string[], from = 0): readonly Row[] =>
    rowsOf(
      traceOf(
        { id: '1', name: 'POST' },
        ...services.map((service, id) => ({ id: `s${id}`, name: 'react X', parent: '1', service, from: 1 })),
        ...events.map((event, id) => ({ id: `e${id}`, name: `react ${event}`, parent: '1', from })),
      ),
    );
  const traces = [
    ['slow', rowsWith(['FulfilmentCompleted'], 900)],
    ['troubled', rowsWith(['FulfilmentCompleted', 'ShipmentRejected'])],
    ['fast', rowsWith(['FulfilmentCompleted'], 50)],
    ['undone', rowsWith(['ShipmentRejected', 'PickListCancelled', 'StockReleased', 'FulfilmentCancelled'])],
    ['torn', rowsOf(traceOf({ id: '1', name: 'react FulfilmentCompleted', parent: 'lost' }))],
  ] as const;

  it('went through all services without trouble, and fast', () => {
    expect(untroubled(traces)).toBe('fast');
    expect(untroubled(traces.slice(1, 2))).toBeUndefined();
  });

  it('was undone in all parts', () => {
    expect(compensated(traces)).toBe('undone');
    expect(compensated(traces.slice(0, 3))).toBeUndefined();
  });
});

describe('The time axis', () => {
  const rowAt = (begin: number, end: number): Row => ({
    depth: 0,
    parent: undefined,
    service: 'orders',
    name: 'react X',
    path: '',
    mark: undefined,
    begin,
    end,
  });

  it('cuts long pauses and no short ones', () => {
    const { pauses, stretches } = timelineOf(
      [rowAt(0, 10_000), rowAt(60_000, 70_000), rowAt(5_000_000, 5_010_000)],
      800,
    );
    expect(stretches.map(({ begin, end }) => [begin, end])).toEqual([
      [0, 70_000],
      [5_000_000, 5_010_000],
    ]);
    expect(pauses.map(({ length }) => length)).toEqual([4_930_000]);
  });

  it('fills its width, in order', () => {
    const { at } = timelineOf([rowAt(0, 10_000), rowAt(5_000_000, 5_030_000)], 800);
    const places = [0, 5_000, 10_000, 5_000_000, 5_010_000, 5_030_000].map(at);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(new Set(places).size).toBe(places.length);
    expect(places[0]).toBe(0);
    expect(places.at(-1)).toBeCloseTo(800);
  });

  it('stands over a page that names every span', () => {
    const html = tracePage('T', 'S.', [rowAt(0, 10_000), { ...rowAt(400_000, 400_002), name: '<b>', mark: 'failed' }]);
    expect(html).toContain('react X');
    expect(html).toContain('&lt;b&gt;');
    expect(html).toContain('390\u00a0ms');
    expect(html).toContain('an error');
    expect(html).not.toContain('NaN');
  });
});
