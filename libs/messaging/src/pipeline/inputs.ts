import type { Reply } from '../api/outcome.js';
import type { Headers, IncomingRecord } from '../transport/port.js';
import { type Decoded, decode } from '../wire/cloud-events.js';
import type { SavedEffect } from './effect.js';

/** What a reaction is called with, wherever it came from. */
export interface Message {
  /** Name of its definition, which is also the pattern of its reaction. */
  readonly name: string;
  readonly id: string;
  /** Messages with one key wait behind a failed one: the order id, or the SKU. */
  readonly key: string;
  readonly body: unknown;
  /** W3C trace context that it came with. */
  readonly trace: Headers;
}

/** A record from a topic; its position tells a repetition. */
export interface RecordInput {
  readonly kind: 'record';
  readonly record: IncomingRecord;
  /** Filled at the first look, kept when the unit of work is tried again. */
  decoded?: Decoded;
  message?: Message;
}

/** A command; its idempotency key, if it has one, tells a repetition. */
export interface CommandInput {
  readonly kind: 'command';
  readonly message: Message;
  readonly inbox?: { readonly id: string; readonly fingerprint: string };
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** The result of an effect; what is saved of the effect tells a repetition. */
export interface EffectInput {
  readonly kind: 'effect';
  readonly effect: Pick<SavedEffect, 'kind' | 'key' | 'places'>;
  readonly message: Message;
}

/** A message that failed before, or that waited behind one; its row tells a repetition. */
export interface HeldInput {
  readonly kind: 'held';
  readonly heldId: string;
  /** State and tries when it was found, so that a changed row is left alone. */
  readonly state: 'retrying' | 'parked';
  readonly tries: number;
  readonly content: HeldContent;
  decoded?: Decoded;
  message?: Message;
}

export type Input = RecordInput | CommandInput | EffectInput | HeldInput;

/** What is kept of a held message: enough to handle it as if it came now. */
export type HeldContent =
  | { readonly kind: 'record'; readonly record: IncomingRecord }
  | { readonly kind: 'message'; readonly message: Message };

interface StoredRecord extends Omit<IncomingRecord, 'offset' | 'value' | 'key' | 'eventType'> {
  readonly offset: string;
  readonly key: string | null;
  readonly value: string | null;
}

/** Held content as bytes: JSON, with a record's body in base64, since it may be anything. */
export const packContent = (content: HeldContent): Buffer => {
  if (content.kind === 'message') return Buffer.from(JSON.stringify(content));
  const { record } = content;
  const { topic, partition, timestamp, headers } = record;
  const stored: StoredRecord = {
    topic,
    partition,
    timestamp,
    headers,
    offset: record.offset.toString(),
    key: record.key ?? null,
    value: record.value?.toString('base64') ?? null,
  };
  return Buffer.from(JSON.stringify({ kind: 'record', record: stored }));
};

export const unpackContent = (bytes: Buffer): HeldContent => {
  const content = JSON.parse(bytes.toString('utf8')) as
    | { readonly kind: 'message'; readonly message: Message }
    | { readonly kind: 'record'; readonly record: StoredRecord };
  if (content.kind === 'message') return content;
  const { offset, key, value, ...rest } = content.record;
  return {
    kind: 'record',
    record: {
      ...rest,
      offset: BigInt(offset),
      key: key ?? undefined,
      value: value === null ? undefined : Buffer.from(value, 'base64'),
    },
  };
};

/** What a record is, the same for whoever hears of it. */
interface RecordReading {
  readonly decoded: Decoded;
  readonly message: Message | undefined;
}

/** Decodes an input's record, once; one that was handed over to several services of a process, once for all of them. */
export const look = (input: Input, isHeard: (eventName: string) => boolean): void => {
  if (input.kind === 'held' && input.content.kind === 'message') input.message = input.content.message;
  const record = recordOf(input);
  if (!record || (input.kind !== 'record' && input.kind !== 'held') || input.decoded) return;
  const { decoded, message } = (record.reading as RecordReading | undefined) ?? read(record, isHeard);
  input.decoded = decoded;
  if (message) input.message = message;
};

const read = (record: IncomingRecord, isHeard: (eventName: string) => boolean): RecordReading => {
  const decoded = decode(record, isHeard);
  if (decoded.kind !== 'event') return { decoded, message: undefined };
  const { event, trace } = decoded;
  const message = { name: event.name, id: event.id, key: event.key, body: event, trace };
  const reading = { decoded, message };
  if ('reading' in record) record.reading = reading;
  return reading;
};

/** The message in an input that was looked at, if it has one; the same object each time. */
export const messageOf = (input: Input): Message | undefined => input.message;

const recordOf = (input: Input): IncomingRecord | undefined => {
  if (input.kind === 'record') return input.record;
  return input.kind === 'held' && input.content.kind === 'record' ? input.content.record : undefined;
};
