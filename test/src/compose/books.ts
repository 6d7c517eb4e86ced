import { setTimeout as pause } from 'node:timers/promises';
import { databases } from '@baton/run';
import type { ComposeSystem } from './compose-system.js';

/** Participants of every order. */
export const participants = databases;

/** How often the orders are counted, milliseconds. */
const LOOK_MS = 500;

/** Asks and reads JSON; whatever is not a yes is an error. */
export const get = async <Answer>(url: string): Promise<Answer> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return (await response.json()) as Answer;
};

/** How many orders ended, and how. */
export interface Ends {
  readonly running: number;
  /** For stock. */
  readonly waiting: number;
  readonly completed: number;
  readonly cancelled: number;
  readonly incidents: number;
}

export const endsOf = (system: ComposeSystem): Promise<Ends> => get(`${system.url('gateway')}/sagas/counts`);

/**
 * Waits until each of `count` orders has ended or waits for stock, for as long as their numbers change: a machine with
 * much else to do may take its time, and a system that stands still has failed.
 * @param standstillMs the longest that nothing may change, milliseconds
 * @param deadlineMs the longest that all may take, milliseconds
 * @throws with the last numbers, or why there were none
 */
export const allSettled = async (
  system: ComposeSystem,
  count: number,
  { standstillMs, deadlineMs }: { readonly standstillMs: number; readonly deadlineMs: number },
): Promise<Ends> => {
  const begun = Date.now();
  let changed = begun;
  let longest = 0;
  let last = '';
  for (;;) {
    const ends = await endsOf(system).catch((error: unknown) => String(error));
    const now = Date.now();
    const seen = typeof ends === 'string' ? last : JSON.stringify(ends);
    if (seen !== last) {
      [changed, last] = [now, seen];
    }
    longest = Math.max(longest, now - changed);
    if (typeof ends !== 'string') {
      const { running, waiting, completed, cancelled } = ends;
      if (running === 0 && waiting + completed + cancelled >= count) {
        console.info(`[compose] settled after ${seconds(now - begun)}, ${seconds(longest)} of them without a change`);
        return ends;
      }
    }
    if (now - changed > standstillMs || now - begun > deadlineMs) {
      const state = typeof ends === 'string' ? `${ends}, before that ${last}` : last;
      throw new Error(
        `Not all settled after ${seconds(now - begun)}, unchanged for ${seconds(now - changed)}: ${state}`,
      );
    }
    await pause(LOOK_MS);
  }
};

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

export const driftOf = async (system: ComposeSystem): Promise<number> =>
  (await get<{ readonly drift: number }>(`${system.url('gateway')}/stock/audit`)).drift;

/** Dead letters of all participants. */
export const deadLettersOf = async (system: ComposeSystem): Promise<readonly unknown[]> => {
  const answers = await Promise.all(participants.map((name) => system.askInside(name, '/dead-letters')));
  return answers.flatMap((answer) =>
    Array.isArray(answer) ? answer : (Object.values(answer as object).find(Array.isArray) ?? []),
  );
};

/** Message-IDs of all mails that were caught, each once. */
export const messageIdsOf = async (system: ComposeSystem): Promise<ReadonlySet<string>> => {
  const found = new Set<string>();
  for (let start = 0; ; ) {
    const query = `start=${start}&limit=500`;
    const page = await get<{ readonly messages: readonly { readonly MessageID: string }[] }>(
      `${system.url('mailpit')}/api/v1/messages?${query}`,
    );
    for (const { MessageID } of page.messages) found.add(MessageID);
    if (page.messages.length === 0) return found;
    start += page.messages.length;
  }
};

interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly { readonly processID: string; readonly operationName: string }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** A trace as Jaeger keeps it, with the services that have a span in it. */
export interface SeenTrace {
  readonly traceId: string;
  readonly services: ReadonlySet<string>;
  readonly spans: readonly string[];
}

/** The traces with spans about one order. */
export const tracesOf = async (system: ComposeSystem, orderId: string): Promise<readonly SeenTrace[]> => {
  const tags = encodeURIComponent(JSON.stringify({ 'baton.key': orderId }));
  const query = `service=baton-orders&tags=${tags}&limit=20&lookback=1h`;
  const { data } = await get<{ readonly data: readonly JaegerTrace[] }>(`${system.url('jaeger')}/api/traces?${query}`);
  return data.map(({ traceID, spans, processes }) => ({
    traceId: traceID,
    services: new Set(spans.map(({ processID }) => processes[processID]?.serviceName ?? 'unknown')),
    spans: spans.map(({ operationName }) => operationName),
  }));
};

type Labels = Readonly<Record<string, string>>;

/** The labels of every series that a PromQL expression gives right now. */
export const seriesOf = async (system: ComposeSystem, expression: string): Promise<readonly Labels[]> => {
  const { data } = await get<{ readonly data: { readonly result: readonly { readonly metric: Labels }[] } }>(
    `${system.url('prometheus')}/api/v1/query?query=${encodeURIComponent(expression)}`,
  );
  return data.result.map(({ metric }) => metric);
};

/** The values of one label over all series of an expression. */
export const labelsOf = async (
  system: ComposeSystem,
  expression: string,
  label: string,
): Promise<ReadonlySet<string>> => new Set((await seriesOf(system, expression)).map((labels) => labels[label] ?? ''));
