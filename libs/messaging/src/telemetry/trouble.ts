import { compensatingEvents } from '@baton/contracts';
import { type Attributes, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Headers } from '../transport/port.js';
import type { MessageOutcome } from './instruments.js';
import { beginSpan } from './tracing.js';

type Trouble = Extract<MessageOutcome, 'refused' | 'retrying' | 'dead'>;

/** Names of span events, for people who read a trace. */
const eventNames: Readonly<Record<Trouble, string>> = {
  refused: 'dead letter',
  dead: 'dead letter',
  retrying: 'tried again later',
};

/** Attributes of a span about one message; `baton.key` finds all of an order, whatever the trace. */
const messageAttributes = (service: string, key: string): Attributes => ({
  'baton.service': service,
  'baton.key': key,
  'messaging.operation.type': 'process',
});

/**
 * Attributes of the span of a reaction.
 * @param input a held message says how often it was tried before
 */
export const reactionAttributes = (
  service: string,
  input: { readonly kind: string; readonly tries?: number },
  { name, id, key }: { readonly name: string; readonly id: string; readonly key: string },
): Attributes => ({
  ...messageAttributes(service, key),
  // A command's is what its sender made up.
  ...(input.kind !== 'command' && { 'messaging.message.id': id }),
  ...(compensatingEvents.has(name) && { 'baton.compensation': true }),
  ...(input.kind === 'held' && input.tries && { 'baton.attempt': input.tries + 1 }),
});

/** Marks a span of a message that was not handled: an error, with an event that says what becomes of it. */
export const tellTrouble = (span: Span, outcome: Trouble): void => {
  span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
  span.setAttribute('baton.outcome', outcome);
  span.addEvent(eventNames[outcome]);
};

/** A span for a record that is no valid message, so that no reaction is called. */
export const traceRefusal = (service: string, record: { readonly key: string }, trace: Headers): void => {
  const { span } = beginSpan('refuse message', trace, SpanKind.CONSUMER, messageAttributes(service, record.key));
  tellTrouble(span, 'refused');
  span.end();
};

/** A span for a message that is put behind a failed one of its key. */
export const traceParked = (
  service: string,
  { name, key, trace }: { readonly name: string; readonly key: string; readonly trace: Headers },
): void => {
  const attributes = { ...messageAttributes(service, key), 'baton.outcome': 'parked' };
  beginSpan(`park ${name}`, trace, SpanKind.CONSUMER, attributes).span.end();
};
