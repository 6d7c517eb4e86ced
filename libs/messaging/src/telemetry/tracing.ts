import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Headers } from '../transport/port.js';
import { beganAt, withBeginning, YOUNG_MS } from './trace-age.js';

const tracer = trace.getTracer('@baton/messaging');

/** The trace context that headers carry, or none. */
const contextOf = (headers: Headers): Context =>
  headers.traceparent === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, headers);

/** The active trace context as headers, for what goes on elsewhere. */
export const activeHeaders = (): Headers => headersOf(context.active());

const headersOf = (active: Context): Headers => {
  const headers: Record<string, string> = {};
  propagation.inject(active, headers);
  return headers;
};

/** A short span around one reaction or effect, and the headers for what it causes. */
export interface Traced {
  readonly span: Span;
  readonly headers: Headers;
  /** Runs something inside the span, so that what it calls becomes its child. */
  within<T>(work: () => T): T;
}

const silentSpan = trace.wrapSpanContext({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 });

/** True where nobody would see a span: no SDK runs, or the trace was not chosen when it began. */
const isUnseen = ({ traceparent }: Headers): boolean =>
  traceparent?.endsWith('-00') ?? propagation.fields().length === 0;

const plainly = <T>(work: () => T): T => work();

/** What `beginSpan` gives for a trace that nobody would see; asked first, it saves telling what the span would say. */
export const unseenSpan = (headers: Headers): Traced | undefined =>
  isUnseen(headers) ? { span: silentSpan, headers, within: plainly } : undefined;

/**
 * Begins a span as a child of what `headers` carry, or, when that trace is no longer young, as the root of a new trace
 * with a link to it. Its owner ends it.
 * @param now milliseconds since 1970
 */
export const beginSpan = (
  name: string,
  headers: Headers,
  kind: SpanKind,
  attributes: Attributes,
  now = Date.now(),
): Traced => {
  // Most messages of most systems: the headers are handed on as they came, and nothing is made for them.
  const unseen = unseenSpan(headers);
  if (unseen) return unseen;
  const parent = contextOf(headers);
  const came = trace.getSpanContext(parent);
  const began = beganAt(came) ?? now;
  const isYoung = now - began <= YOUNG_MS;
  const follows = isYoung || !came ? {} : { root: true, links: [{ context: came }] };
  const span = tracer.startSpan(name, { kind, attributes, ...follows }, parent);
  const inside = trace.setSpan(parent, span);
  const handedOn = withBeginning(span.spanContext(), isYoung ? began : now);
  const own = headersOf(trace.setSpanContext(parent, handedOn));
  // Without a propagator the headers that came are handed on as they are.
  return {
    span,
    headers: own.traceparent === undefined ? headers : own,
    within: (work) => context.with(inside, work),
  };
};

/** A span of its own for one unit of work, linked to the traces of the messages in it. */
export const beginBatchSpan = (name: string, attributes: Attributes): Span =>
  tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes, root: true });

/** Links a span to the trace that a message came with. */
export const linkTo = (span: Span, headers: Headers | undefined): void => {
  const parent = headers && trace.getSpanContext(contextOf(headers));
  if (parent) span.addLink({ context: parent });
};

/** @param words of the error, where its own are not for everybody */
export const fail = (span: Span, error: unknown, words?: string): void => {
  const message = error instanceof Error ? error.name : 'error';
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  if (error instanceof Error) span.recordException({ name: error.name, message: words ?? error.message });
};
