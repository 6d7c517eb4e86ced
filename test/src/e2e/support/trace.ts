import { databases } from '@baton/run';
import { expect } from 'vitest';
import type { Span } from './collector.js';

const SERVICES = databases.toSorted();

/** The spans in which something is done about an order: reactions, and effects. */
const spansAbout = (spans: readonly Span[], orderId: string): readonly Span[] =>
  spans.filter(
    ({ attributes }) =>
      attributes['baton.key'] === orderId || attributes['baton.effect.key']?.startsWith(`${orderId}/`) === true,
  );

/**
 * Checks that all that was done about an order is in one trace, of which no span lacks its parent, and that all
 * services have a part in it. Spans arrive in any order: to be repeated until it passes.
 * @param root name of the span with which it begins
 */
export const expectOneTrace = (spans: readonly Span[], orderId: string, root: string, mails: number): void => {
  const about = spansAbout(spans, orderId);
  const traces = Map.groupBy(about, ({ traceId }) => traceId);
  const told = [...traces].map(([id, part]) => `${id}: ${part.map(({ name }) => name).join(', ')}`);
  expect(traces.size, told.join('\n')).toBe(1);
  expect(about.filter(({ name }) => name === 'react SendMail.result')).toHaveLength(mails);
  expect([...new Set(about.flatMap(({ attributes }) => attributes['baton.service'] ?? []))].toSorted()).toEqual(
    SERVICES,
  );

  const trace = spans.filter(({ traceId }) => traces.has(traceId));
  const known = new Set(trace.map(({ spanId }) => spanId));
  const without = trace.filter(({ parentSpanId }) => parentSpanId === undefined || !known.has(parentSpanId));
  expect(without.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([[root, undefined]]);
};
