import type { IHeaders, KafkaMessage, TopicMessages } from 'kafkajs';
import { sizeOf } from '../delivery/publish-queue.js';
import type { Headers, IncomingRecord, OutgoingRecord } from '../port.js';

export function incoming(topic: string, partition: number, message: KafkaMessage): IncomingRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key?.toString('utf8'),
    headers: headersOf(message.headers),
    value: message.value ?? undefined,
  };
}

/** Kafka allows a header more than once, and then the last one counts, as in Kafka's own clients. */
function headersOf(raw: IHeaders | undefined): Headers {
  const headers: Record<string, string> = {};
  for (const name in raw) {
    const value = raw[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    // A stranger's header of this name would replace the object's prototype.
    if (last === undefined || last === null || name === '__proto__') continue;
    headers[name.toLowerCase()] = typeof last === 'string' ? last : last.toString('utf8');
  }
  return headers;
}

/**
 * A broker refuses a batch above the topic's max.message.bytes, 1 MiB where nobody set it, and kafkajs makes one batch
 * of all records of a partition in a request. Below this, whatever the partitions, none is too large.
 */
const MAX_TOPIC_BYTES = 900_000;

/** The records as produce requests, nearly always one; the order of each topic's records is kept. */
export function requestsOf(records: readonly OutgoingRecord[]): readonly TopicMessages[][] {
  const requests: TopicMessages[][] = [];
  let topics = new Map<string, { readonly messages: TopicMessages['messages']; bytes: number }>();
  const end = (): void => {
    if (topics.size > 0) requests.push([...topics].map(([topic, { messages }]) => ({ topic, messages })));
    topics = new Map();
  };
  for (const record of records) {
    const bytes = sizeOf(record);
    const present = topics.get(record.topic);
    if (present !== undefined && present.bytes + bytes > MAX_TOPIC_BYTES) end();
    let topic = topics.get(record.topic);
    if (topic === undefined) topics.set(record.topic, (topic = { messages: [], bytes: 0 }));
    topic.messages.push({ key: record.key, value: record.value, headers: record.headers });
    topic.bytes += bytes;
  }
  end();
  return requests;
}
