import type { ComposeSystem } from '../compose/compose-system.js';
import { asSent, dashboards } from '../observability/files.js';
import type { JaegerTrace } from './trace-tree.js';

/** One line of a panel: the labels that Prometheus gives, and values of points in time. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since 1970, and the value; where there is none, the point is missing. */
  readonly points: readonly (readonly [number, number])[];
}

/** All that is drawn, so that it can be drawn again without the system. */
export interface Recording {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  /** What Prometheus answered, by the query as a dashboard has it. */
  readonly answers: Readonly<Record<string, readonly Series[]>>;
  /** Traces of orders that ended, by the id of the order. */
  readonly traces: Readonly<Record<string, JaegerTrace>>;
}

/** Of a line: about as often as processes report. */
const POINTS = 120;

const get = async <Answer>(url: string): Promise<Answer> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
};

/** Asks Prometheus every query of every dashboard, and Jaeger for the traces of orders. */
export const record = async (
  system: ComposeSystem,
  orderIds: readonly string[],
  from: number,
  to: number,
): Promise<Recording> => {
  const stepMs = Math.ceil((to - from) / POINTS / 1_000) * 1_000;
  const queries = dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)));
  const answers: Record<string, readonly Series[]> = {};
  for (const query of new Set(queries)) answers[query] = await ask(system.url('prometheus'), query, from, to, stepMs);
  const traces: Record<string, JaegerTrace> = {};
  for (const orderId of orderIds) {
    const trace = await largestTraceOf(system.url('jaeger'), orderId);
    if (trace !== undefined) traces[orderId] = trace;
  }
  return { from, to, stepMs, answers, traces };
};

/** https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries */
interface RangeAnswer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

const ask = async (
  prometheus: string,
  query: string,
  from: number,
  to: number,
  stepMs: number,
): Promise<readonly Series[]> => {
  const words = new URLSearchParams({
    query: asSent(query),
    start: String(from / 1_000),
    end: String(to / 1_000),
    step: String(stepMs / 1_000),
  });
  const { data } = await get<RangeAnswer>(`${prometheus}/api/v1/query_range?${words.toString()}`);
  return data.result.map(({ metric, values }) => ({
    labels: metric,
    points: values
      .map(([seconds, value]) => [seconds * 1_000, Number(value)] as const)
      .filter(([, value]) => Number.isFinite(value)),
  }));
};

/** The trace with most spans about an order; others are of readers and batches. */
const largestTraceOf = async (jaeger: string, orderId: string): Promise<JaegerTrace | undefined> => {
  const words = new URLSearchParams({
    service: 'baton-orders',
    tags: JSON.stringify({ 'baton.key': orderId }),
    limit: '20',
    lookback: '1h',
  });
  const { data } = await get<{ readonly data: readonly JaegerTrace[] }>(`${jaeger}/api/traces?${words.toString()}`);
  return data.toSorted((one, other) => other.spans.length - one.spans.length)[0];
};
