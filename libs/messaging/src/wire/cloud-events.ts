import {
  definitionOf,
  definitionOfType,
  eventDefinitions,
  type Event,
  type EventDefinition,
  type EventDraft,
  OrderSubmitted,
} from '@baton/contracts';
import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import type { Headers, IncomingRecord, OutgoingRecord } from '../transport/port.js';

/** A record as an event, or the reason why it is none. */
export type Decoded =
  | { readonly kind: 'event'; readonly event: Event; readonly trace: Headers }
  | { readonly kind: 'unheard' }
  | { readonly kind: 'refused'; readonly reason: string; readonly trace: Headers };

/** Longest body that is parsed, bytes; the same as for an HTTP request. */
export const MAX_BODY_BYTES = 1_000_000;

/** A topic whose plain JSON bodies, without any CloudEvents header, stand for this event. */
const plainBodies: Readonly<Record<string, EventDefinition>> = { 'orders-intake': OrderSubmitted };

/** Writes an event in CloudEvents' binary mode: attributes as `ce_*` headers, data as the body. */
export const encode = (draft: EventDraft, time: string, trace: Headers): OutgoingRecord => {
  const definition = definitionOf(draft.name);
  return {
    topic: definition.topic,
    key: draft.key,
    headers: {
      ce_specversion: '1.0',
      ce_id: draft.id,
      ce_type: definition.type,
      ce_source: `/baton/${definition.writer}`,
      ce_time: time,
      ce_subject: draft.key,
      'content-type': 'application/json',
      ...trace,
    },
    value: Buffer.from(JSON.stringify(draft.data)),
  };
};

/**
 * Reads a record: CloudEvents in binary or structured mode, or a plain body where its topic allows one. Looks at the
 * type first and parses only what `isHeard`.
 */
export const decode = (record: IncomingRecord, isHeard: (eventName: string) => boolean): Decoded => {
  try {
    return decodeRecord(record, isHeard);
  } catch {
    // Whatever a record can hold that nobody thought of belongs to this record: thrown on, it would count as the
    // infrastructure's, and the service would try the same again for ever.
    return { kind: 'refused', reason: 'The record cannot be read.', trace: traceOf(record.headers) };
  }
};

const decodeRecord = (record: IncomingRecord, isHeard: (eventName: string) => boolean): Decoded => {
  const { headers } = record;
  const trace = traceOf(headers);
  const refuse = (reason: string): Decoded => ({ kind: 'refused', reason, trace });
  if (record.unreadable !== undefined) return refuse(`The record cannot be unpacked: ${record.unreadable}.`);
  const structured = isStructured(headers);

  if (!structured && headers.ce_type !== undefined) {
    const definition = definitionOfType(headers.ce_type);
    if (!definition) return refuse(unknownType(headers.ce_type));
    if (definition.topic !== record.topic) return refuse(misplaced(definition, record.topic));
    if (!isHeard(definition.eventName)) return { kind: 'unheard' };
    if (headers.ce_specversion !== '1.0') return refuse('The header ce_specversion must be 1.0.');
    if (!headers.ce_id) return refuse('The header ce_id is missing; it tells repetitions apart.');
    if (!isStorable(headers.ce_id)) return refuse(`The header ce_id ${UNSTORABLE}`);
    const body = parse(record.value);
    if (!body.ok) return refuse(body.reason);
    return check(record, definition, body.value, headers.ce_id, headers.ce_time, trace);
  }

  const body = parse(record.value);
  if (!body.ok) return refuse(body.reason);
  if (structured) {
    const envelope = body.value as Record<string, unknown> | null;
    if (typeof envelope !== 'object' || envelope === null) return refuse('A structured CloudEvent must be an object.');
    const { type, id, time, specversion, data, traceparent } = envelope;
    if (typeof type !== 'string') return refuse('The attribute type must be text; it says which event this is.');
    const definition = definitionOfType(type);
    if (!definition) return refuse(unknownType(type));
    if (definition.topic !== record.topic) return refuse(misplaced(definition, record.topic));
    if (!isHeard(definition.eventName)) return { kind: 'unheard' };
    if (specversion !== '1.0') return refuse('The attribute specversion must be 1.0.');
    if (typeof id !== 'string' || id === '') return refuse('The attribute id is missing; it tells repetitions apart.');
    if (!isStorable(id)) return refuse(`The attribute id ${UNSTORABLE}`);
    const tracing = typeof traceparent === 'string' ? { ...traceOf({ traceparent }), ...trace } : trace;
    return check(record, definition, data, id, typeof time === 'string' ? time : undefined, tracing);
  }

  const definition = plainBodies[record.topic];
  if (!definition) return refuse('The header ce_type is missing; it says which event this is.');
  if (!isHeard(definition.eventName)) return { kind: 'unheard' };
  return check(
    record,
    definition,
    body.value,
    `${record.topic}/${record.partition}/${record.offset}`,
    undefined,
    trace,
  );
};

const MOST_OF_ID = 1_000;
const UNSTORABLE = `must have at most ${MOST_OF_ID} characters, no NUL and no lone surrogate.`;

/** Ids are kept in rows; what Postgres refuses would only fail there, and hold up its order. */
const isStorable = (id: string): boolean => id.length <= MOST_OF_ID && !id.includes('\u0000') && id.isWellFormed();

const isStructured = (headers: Headers): boolean =>
  headers['content-type']?.startsWith('application/cloudevents+json') ?? false;

/** The type of an event in binary mode; in structured mode the body tells it. */
const typeOf = (headers: Headers): string | undefined => (isStructured(headers) ? undefined : headers.ce_type);

/** The definition of a record's event, told by its headers alone; undefined where only the body tells it. */
export const definitionIn = (record: IncomingRecord): EventDefinition | undefined => {
  const type = 'eventType' in record ? record.eventType : typeOf(record.headers);
  return type === undefined ? undefined : definitionOfType(type);
};

/**
 * True for a record that is what its topic may hold and that nobody here reacts to: it is told by its type alone, and
 * nothing else of it is read. Anything else, whatever is wrong with it, is for `decode` to say.
 */
export const isPassedOver = (record: IncomingRecord, isHeard: (eventName: string) => boolean): boolean => {
  const definition = definitionIn(record);
  return definition !== undefined && definition.topic === record.topic && !isHeard(definition.eventName);
};

const check = (
  record: IncomingRecord,
  definition: EventDefinition,
  body: unknown,
  id: string,
  time: string | undefined,
  trace: Headers,
): Decoded => {
  const refuse = (reason: string): Decoded => ({ kind: 'refused', reason, trace });
  const parsed = record.isChecked ? { success: true as const, data: body } : definition.schema.safeParse(body);
  if (!parsed.success) return refuse(`${definition.eventName} is not valid: ${describeIssues(parsed.error)}`);
  const { data } = parsed;
  const key = definition.keyOf(data);
  if (record.key === undefined) {
    return refuse(
      `The record has no key; ${definition.keyedBy === 'order' ? 'its order id' : 'its SKU'} (${key}) must be its key.`,
    );
  }
  if (record.key !== key) {
    return refuse(`The record's key ${quote(record.key)} and its body's ${definition.keyedBy} ${quote(key)} disagree.`);
  }
  const written = time ?? isoOf(record.timestamp);
  if (written === undefined) return refuse(`The record's timestamp ${record.timestamp} is no time in milliseconds.`);
  return { kind: 'event', event: { name: definition.eventName, id, key, data, time: written }, trace };
};

/** A client's own timestamps can be anything, such as nanoseconds. */
const isoOf = (timestamp: number): string | undefined => {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};

/** The first issues of a schema's refusal in one line: path and message. */
export const describeIssues = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.length ? `${path.join('.')}: ` : ''}${message}`)
    .join('; ');

const parse = (value: Buffer | undefined): { ok: true; value: unknown } | { ok: false; reason: string } => {
  if (!value || value.length === 0) return { ok: false, reason: 'The record has no body.' };
  if (value.length > MAX_BODY_BYTES) {
    return { ok: false, reason: `The body has ${value.length} bytes; at most ${MAX_BODY_BYTES} are read.` };
  }
  if (!isUtf8(value)) return { ok: false, reason: 'The body is not UTF-8.' };
  try {
    return { ok: true, value: JSON.parse(value.toString('utf8')) };
  } catch (error) {
    // The parser's own message quotes the body, which may name a person.
    const at = /position (\d+)/.exec((error as Error).message)?.[1];
    return { ok: false, reason: `The body is not JSON${at === undefined ? '' : ` (at character ${at})`}.` };
  }
};

/** W3C Trace Context: a traceparent of the present version, and as much of a tracestate as must be passed on. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACESTATE = /^[\x20-\x7e]{0,512}$/;

/** The trace of a record; what is none is ignored, as the standard has it: it would be kept with all that it causes. */
const traceOf = ({ traceparent, tracestate }: Headers): Headers => {
  if (traceparent === undefined || !TRACEPARENT.test(traceparent)) return {};
  return tracestate !== undefined && TRACESTATE.test(tracestate) ? { traceparent, tracestate } : { traceparent };
};

/** Told even by services that do not react to the event: whoever wrote it there would wait in vain. */
const misplaced = ({ eventName, topic }: EventDefinition, found: string): string =>
  `${eventName} belongs on the topic ${topic}, not on ${found}.`;

const unknownType = (type: string): string => {
  const name = /^baton\.\w+\.(\w+)\.v\d+$/.exec(type)?.[1];
  const known = eventDefinitions.find(({ eventName }) => eventName === name);
  return known
    ? `${quote(type)} is a version that this service does not know; it knows ${known.type}.`
    : `No contract declares the event type ${quote(type)}.`;
};

const quote = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
