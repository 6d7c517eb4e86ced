import { createTraceState, type SpanContext } from '@opentelemetry/api';

/**
 * How long an order is told as one trace, milliseconds. Telemetry backends keep and show a trace of hours well, and one
 * of weeks badly; what comes later begins a trace of its own, with a link to the one that it follows from.
 */
export const YOUNG_MS = 6 * 60 * 60 * 1_000;

/** Our member of the W3C tracestate: when a trace began, seconds since 1970. It travels with the trace. */
const MEMBER = 'baton';

/** When a trace began, milliseconds since 1970; undefined for one that nothing of ours was told in yet. */
export const beganAt = (context: SpanContext | undefined): number | undefined => {
  const seconds = Number(context?.traceState?.get(MEMBER));
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds * 1_000 : undefined;
};

/** The same context, saying when its trace began. */
export const withBeginning = (context: SpanContext, began: number): SpanContext => ({
  ...context,
  traceState: (context.traceState ?? createTraceState()).set(MEMBER, String(Math.floor(began / 1_000))),
});
