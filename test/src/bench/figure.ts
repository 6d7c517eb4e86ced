import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type Counters, type Counts, pssOf, rssOf } from './counters.js';
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
  /**
   * By how much the effects without an answer grew, a saga. A saga may end before its last mails are sent; more than
   * nothing here means that the figure left work undone, which is then not in its costs either.
   */
  readonly effects_left_per_saga: number;
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
  /** Of all Node processes of services together. */
  readonly peak_rss_mib: number;
  /** The same at the end of the figure, with what processes share counted once. */
  readonly pss_mib: number;
  /** The machine's load average over the last minute, at the end. */
  readonly load: number;
}

/** What happened in one stretch of time. */
export interface Stretch {
  readonly seconds: number;
  readonly heard: Heard;
  readonly before: Counts;
  readonly after: Counts;
  /** Bytes; see `Figure`. */
  readonly memory: { readonly peakRss: number; readonly pss: number };
}

const MEMORY_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 50;
/** How much longer than asked for a stretch may last, until enough orders have ended. */
const PATIENCE_MS = 60_000;

/** Somebody who writes down how orders end. */
export interface Listener {
  listen(): void;
  /** How many ends were written down since. */
  readonly ends: number;
  take(): Heard;
}

/**
 * Watches a load that is under way for some seconds, and on until so many orders have ended: orders that are in flight
 * together move in waves, and part of a wave says little.
 */
export const watch = async (
  counters: Counters,
  listener: Listener,
  pids: readonly number[],
  { seconds, ends }: { readonly seconds: number; readonly ends: number },
): Promise<Stretch> => {
  const before = await counters.read();
  let peakRss = rssOf(pids);
  const sampler = setInterval(() => {
    peakRss = Math.max(peakRss, rssOf(pids));
  }, MEMORY_EVERY_MS);
  listener.listen();
  const begun = performance.now();
  await until(listener, seconds, ends);
  clearInterval(sampler);
  const heard = listener.take();
  const lasted = (performance.now() - begun) / 1_000;
  return { seconds: lasted, heard, before, after: await counters.read(), memory: { peakRss, pss: pssOf(pids) } };
};

/** Waits for some seconds, and on until so many orders have ended since `listen`, if they do so in time. */
export const until = async (listener: Listener, seconds: number, ends: number): Promise<void> => {
  const begun = performance.now();
  await pause(seconds * 1_000);
  while (listener.ends < ends && performance.now() - begun < seconds * 1_000 + PATIENCE_MS) await pause(LOOK_EVERY_MS);
};

/** The smallest value that so many per cent of all are not above; NaN of none. */
export const percentile = (sorted: readonly number[], percent: number): number =>
  sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;

export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));

export const figureOf = (
  figure: string,
  w: number | null,
  { transport, processes, partitions, hot }: BenchOptions,
  { seconds, heard, before, after, memory }: Stretch,
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
    effects_left_per_saga: rounded(perSaga('effects')),
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
    peak_rss_mib: Math.round(memory.peakRss / 2 ** 20),
    pss_mib: Math.round(memory.pss / 2 ** 20),
    load: rounded(loadavg()[0] ?? 0),
  };
};
