import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type Counters, type Counts, type Memory, memoryOf } from './counters.js';
import type { BenchOptions } from './options.js';
import type { Heard } from './shop.js';

/** One measurement of the whole pipeline; everything "a saga" is the cost of one order from intake to its end. */
export interface Figure {
  readonly figure: string;
  /** Orders in flight; null when they came at a rate of their own. */
  readonly w: number | null;
  readonly transport: BenchOptions['transport'];
  readonly processes: BenchOptions['processes'];
  readonly partitions: number;
  readonly hot: boolean;
  readonly seconds: number;
  readonly sagas: number;
  readonly sagas_per_s: number;
  /** From publish to the end heard, milliseconds. */
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  /** Share of orders that ended cancelled. */
  readonly cancelled: number;
  readonly events_per_saga: number;
  readonly deliveries_per_saga: number;
  /** `shop` is the load generator, where it is a process of its own. */
  readonly cpu_s_per_1000: {
    readonly node: number;
    readonly shop?: number;
    readonly kafka: number;
    readonly postgres: number;
  };
  readonly wal_bytes_per_saga: number;
  readonly fsyncs_per_saga: number;
  readonly commits_per_saga: number;
  readonly database_bytes_per_saga: number;
  /** Of all Node processes of services together; `pss` counts what they share once. */
  readonly peak_rss_mib: number;
  readonly peak_pss_mib: number;
  /** The machine's load average over the last minute, at the end. */
  readonly load: number;
}

/** What happened in one stretch of time. */
export interface Stretch {
  readonly seconds: number;
  readonly heard: Heard;
  readonly before: Counts;
  readonly after: Counts;
  readonly peakMemory: Memory;
}

const MEMORY_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 50;
/** How long the first end may take on a machine that has much else to do. */
const PATIENCE_MS = 60_000;

/** Somebody who writes down how orders end. */
export interface Listener {
  listen(): void;
  /** How many ends were written down since. */
  readonly ends: number;
  take(): Heard;
}

/** Watches a load that is under way for some seconds, and on until at least one order has ended. */
export const watch = async (
  counters: Counters,
  listener: Listener,
  pids: readonly number[],
  seconds: number,
): Promise<Stretch> => {
  const before = await counters.read();
  listener.listen();
  const begun = performance.now();
  let peakMemory = memoryOf(pids);
  const sampler = setInterval(() => {
    const { rss, pss } = memoryOf(pids);
    peakMemory = { rss: Math.max(rss, peakMemory.rss), pss: Math.max(pss, peakMemory.pss) };
  }, MEMORY_EVERY_MS);
  await pause(seconds * 1_000);
  while (listener.ends === 0 && performance.now() - begun < PATIENCE_MS) await pause(LOOK_EVERY_MS);
  clearInterval(sampler);
  const heard = listener.take();
  const lasted = (performance.now() - begun) / 1_000;
  return { seconds: lasted, heard, before, after: await counters.read(), peakMemory };
};

/** The smallest value that so many per cent of all are not above; NaN of none. */
export const percentile = (sorted: readonly number[], percent: number): number =>
  sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;

export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));

export const figureOf = (
  figure: string,
  w: number | null,
  { transport, processes, partitions, hot }: BenchOptions,
  { seconds, heard, before, after, peakMemory }: Stretch,
): Figure => {
  const sorted = heard.latencies.toSorted((a, b) => a - b);
  const sagas = sorted.length;
  const perSaga = (name: keyof Counts): number => (after[name] - before[name]) / sagas;
  const cpu = (name: 'node' | 'shop' | 'kafka' | 'postgres'): number => rounded(perSaga(name) * 1_000, 3);
  return {
    figure,
    w,
    transport,
    processes,
    partitions,
    hot,
    seconds: rounded(seconds),
    sagas,
    sagas_per_s: rounded(sagas / seconds, 1),
    p50_ms: rounded(percentile(sorted, 50)),
    p95_ms: rounded(percentile(sorted, 95)),
    p99_ms: rounded(percentile(sorted, 99)),
    cancelled: rounded(heard.cancelled / sagas, 3),
    events_per_saga: rounded(perSaga('events')),
    deliveries_per_saga: rounded(perSaga('deliveries')),
    cpu_s_per_1000: {
      node: cpu('node'),
      ...(processes === 'each' && { shop: cpu('shop') }),
      kafka: cpu('kafka'),
      postgres: cpu('postgres'),
    },
    wal_bytes_per_saga: Math.round(perSaga('wal')),
    fsyncs_per_saga: rounded(perSaga('fsyncs'), 3),
    commits_per_saga: rounded(perSaga('commits'), 3),
    database_bytes_per_saga: Math.round(perSaga('databaseBytes')),
    peak_rss_mib: Math.round(peakMemory.rss / 2 ** 20),
    peak_pss_mib: Math.round(peakMemory.pss / 2 ** 20),
    load: rounded(loadavg()[0] ?? 0),
  };
};
