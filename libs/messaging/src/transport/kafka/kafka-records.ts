import type { KafkaMessage, Message, RecordMetadata } from 'kafkajs';
import type { WrittenRun } from '../delivery/hand-over.js';
import { sizeOf } from '../delivery/publish-queue.js';
import type { Headers, IncomingRecord, OutgoingRecord } from '../port.js';

/** A record's bytes, and where the patched decoder found its headers: their number, then each one's name and value. */
interface RawHeaders {
  readonly buffer: Buffer;
  readonly offset: number;
}

/**
 * A record whose headers are read when they are asked for: a service passes over most records after one look at their
 * type, and of the others every header is text.
 */
class KafkaRecord implements IncomingRecord {
  readonly offset: bigint;
  readonly timestamp: number;
  readonly key: string | undefined;
  readonly value: Buffer | undefined;
  readonly unreadable: string | undefined;
  readonly bytes: number | undefined;
  readonly #raw: RawHeaders | undefined;
  #headers: Headers | undefined;
  #type: string | undefined | null = null;

  constructor(
    readonly topic: string,
    readonly partition: number,
    message: KafkaMessage,
  ) {
    this.offset = BigInt(message.offset);
    this.timestamp = Number(message.timestamp);
    this.key = message.key?.toString('utf8');
    this.value = message.value ?? undefined;
    const { rawHeaders, unreadable } = message as { readonly rawHeaders?: RawHeaders; readonly unreadable?: string };
    this.unreadable = unreadable;
    // Records of before Kafka 0.11 have no headers.
    this.#raw = rawHeaders;
    this.bytes = rawHeaders?.buffer.length;
  }

  get headers(): Headers {
    this.#headers ??= this.#raw === undefined ? {} : readHeaders(this.#raw);
    return this.#headers;
  }

  get eventType(): string | undefined {
    if (this.#type === null) this.#type = this.#raw && findType(this.#raw);
    return this.#type;
  }
}

export const incoming = (topic: string, partition: number, message: KafkaMessage): IncomingRecord =>
  new KafkaRecord(topic, partition, message);

/** Walks over a record's headers; the fields tell where the present one's name and value lie. */
class HeaderReader {
  readonly #bytes: Buffer;
  #at: number;
  #left: number;
  name = 0;
  nameEnd = 0;
  value = 0;
  /** -1 for null. */
  valueBytes = 0;

  constructor({ buffer, offset }: RawHeaders) {
    this.#bytes = buffer;
    this.#at = offset;
    this.#left = this.#varInt();
  }

  /** Goes on to the next header; false after the last. */
  next(): boolean {
    if (this.#left <= 0) return false;
    this.#left -= 1;
    const nameBytes = this.#varInt();
    this.name = this.#at;
    this.nameEnd = this.#at += nameBytes;
    this.valueBytes = this.#varInt();
    this.value = this.#at;
    if (this.valueBytes > 0) this.#at += this.valueBytes;
    return true;
  }

  /** Where the headers end, once all were read. */
  get end(): number {
    return this.#at;
  }

  /** Zigzag: even numbers are positive. */
  #varInt(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
  }
}

const TYPE = 'ce_type';
const CONTENT = 'content-type';
/** Longer types of content may say that the event is in structured mode, where the body tells its type. */
const PLAIN_CONTENT = 'application/json';

/** The type of an event in binary mode, without reading the other headers; in whatever case its name is written. */
function findType(raw: RawHeaders): string | undefined {
  const { buffer } = raw;
  let found: string | undefined;
  const reader = new HeaderReader(raw);
  for (let place = 0; reader.next(); place += 1) {
    const { name, nameEnd, value, valueBytes } = reader;
    const length = nameEnd - name;
    if (length === TYPE.length && valueBytes >= 0) {
      if (nameOf(buffer, name, nameEnd, place) === TYPE) found = buffer.toString('latin1', value, value + valueBytes);
    } else if (length === CONTENT.length && valueBytes > PLAIN_CONTENT.length) {
      if (nameOf(buffer, name, nameEnd, place) === CONTENT) return undefined;
    }
  }
  return found;
}

/**
 * Kafka allows a header more than once, and then the last one counts, as in Kafka's own clients. All headers are read as
 * one text and the values cut out of it: a call into the buffer for each would cost several times as much.
 */
function readHeaders(raw: RawHeaders): Headers {
  const { buffer } = raw;
  const whole = new HeaderReader(raw);
  const start = whole.end;
  while (whole.next());
  const all = buffer.toString('latin1', start, whole.end);
  const isAscii = !BEYOND_ASCII.test(all);
  const headers: Record<string, string> = {};
  const reader = new HeaderReader(raw);
  for (let place = 0; reader.next(); place += 1) {
    const { value, valueBytes } = reader;
    const name = nameOf(buffer, reader.name, reader.nameEnd, place);
    // A stranger's header of this name would replace the object's prototype.
    if (valueBytes < 0 || name === '__proto__') continue;
    headers[name] = isAscii
      ? all.slice(value - start, value - start + valueBytes)
      : buffer.toString('utf8', value, value + valueBytes);
  }
  return headers;
}

/** A header's name as it was written, and in lower case. */
interface Name {
  readonly bytes: Buffer;
  readonly text: string;
}

/** Names of the last records' headers, by their place: one writer's records have the same ones in the same order. */
const lastNames: Name[] = [];
const MOST_NAMES = 32;

const nameOf = (buffer: Buffer, from: number, to: number, place: number): string => {
  const last = lastNames[place];
  if (last && isSame(last.bytes, buffer, from, to)) return last.text;
  const text = buffer.toString('utf8', from, to).toLowerCase();
  if (place < MOST_NAMES) lastNames[place] = { bytes: Buffer.from(buffer.subarray(from, to)), text };
  return text;
};

const isSame = (bytes: Buffer, buffer: Buffer, from: number, to: number): boolean => {
  if (bytes.length !== to - from) return false;
  for (let index = 0; index < bytes.length; index += 1) if (bytes[index] !== buffer[from + index]) return false;
  return true;
};

const BEYOND_ASCII = /[\u0080-\u00ff]/;

/**
 * A broker refuses a batch above the topic's max.message.bytes, 1 MiB where nobody set it, and kafkajs makes one batch
 * of all records of a partition in a request. Below this, whatever the partitions, none is too large.
 */
const MAX_TOPIC_BYTES = 900_000;

/** A record on its way: `partition` is filled when the producer has chosen one, `moved` when it chose another later. */
export interface SentMessage extends Message {
  readonly record: OutgoingRecord;
  partition?: number;
  moved?: boolean;
}

export interface SentTopic {
  readonly topic: string;
  readonly messages: SentMessage[];
}

/**
 * The records as produce requests, nearly always one; the order of each topic's records is kept.
 * @param timestamp when they are written, milliseconds since 1970
 */
export function requestsOf(records: readonly OutgoingRecord[], timestamp: number): readonly SentTopic[][] {
  const requests: SentTopic[][] = [];
  const written = String(timestamp);
  let topics = new Map<string, SentTopic & { bytes: number }>();
  const end = (): void => {
    if (topics.size > 0) requests.push([...topics.values()]);
    topics = new Map();
  };
  for (const record of records) {
    const { topic: name, key, value, headers } = record;
    const bytes = sizeOf(record);
    const present = topics.get(name);
    if (present !== undefined && present.bytes + bytes > MAX_TOPIC_BYTES) end();
    let topic = topics.get(name);
    if (topic === undefined) topics.set(name, (topic = { topic: name, messages: [], bytes: 0 }));
    topic.messages.push({ key, value, headers, timestamp: written, record });
    topic.bytes += bytes;
  }
  end();
  return requests;
}

/**
 * What was written where, as far as the broker has told it.
 * @param timestamp as in the request; a topic may have the broker's own
 * @throws if there is no answer for some of it: kafkajs leaves out what moves to a broker that has answered already
 */
export function writtenRuns(
  request: readonly SentTopic[],
  answers: readonly RecordMetadata[],
  timestamp: number,
): readonly WrittenRun[] {
  const runs: WrittenRun[] = [];
  const answered = new Map(answers.map((answer) => [`${answer.partition}/${answer.topicName}`, answer]));
  for (const { topic, messages } of request) {
    const hasMoved = messages.some(({ moved }) => moved);
    for (const [partition, sent] of Map.groupBy(messages, (message) => message.partition)) {
      const answer = answered.get(`${partition}/${topic}`);
      if (partition === undefined || answer === undefined) {
        throw new Error(`the cluster did not say whether it has written to partition ${partition} of ${topic}`);
      }
      const { baseOffset, logAppendTime } = answer;
      // A repetition that the broker has recognised has no offset, and among those that moved nobody knows which is where.
      if (baseOffset === undefined || baseOffset.startsWith('-') || hasMoved) continue;
      const appendedAt = Number(logAppendTime ?? -1);
      const writtenAt = appendedAt >= 0 ? appendedAt : timestamp;
      runs.push({ topic, partition, base: BigInt(baseOffset), writtenAt, records: sent.map(({ record }) => record) });
    }
  }
  return runs;
}
