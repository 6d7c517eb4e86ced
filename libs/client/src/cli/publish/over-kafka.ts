import { NotReachable } from '../exit-codes.js';
import type { Entry } from './entries.js';

export interface KafkaOptions {
  /** host:port of each broker. */
  readonly brokers: readonly string[];
  readonly onSent: (count: number) => void;
}

/** Records in one request. */
const BATCH = 500;
const CONNECTION_TIMEOUT_MS = 5_000;
const RETRIES = 4;

/**
 * Writes events to their topic, keyed by order id, as CloudEvents in binary mode, in the order of the input.
 * @throws NotReachable when no broker answers
 */
export const publishOverKafka = async (entries: readonly Entry[], options: KafkaOptions): Promise<void> => {
  const { Kafka, logLevel, Partitioners } = (await import('kafkajs')).default;
  const kafka = new Kafka({
    clientId: 'baton-cli',
    brokers: [...options.brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    retry: { retries: RETRIES },
  });
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  try {
    await producer.connect();
    for (let from = 0; from < entries.length; from += BATCH) {
      const part = entries.slice(from, from + BATCH);
      const byTopic = Map.groupBy(part, ({ definition }) => definition.topic);
      await producer.sendBatch({
        acks: -1,
        topicMessages: [...byTopic].map(([topic, events]) => ({ topic, messages: events.map(recordOf) })),
      });
      options.onSent(part.length);
    }
  } catch (error) {
    throw explained(error, options.brokers);
  } finally {
    await producer.disconnect();
  }
};

const recordOf = ({ definition, id, source, time, orderId, data }: Entry) => ({
  key: orderId,
  value: JSON.stringify(data),
  headers: {
    ce_specversion: '1.0',
    ce_id: id,
    ce_type: definition.type,
    ce_source: source,
    ce_time: time ?? new Date().toISOString(),
    ce_subject: orderId,
    'content-type': 'application/json',
  },
});

/** kafkajs wraps the reason in how often it has tried. */
const explained = (error: unknown, brokers: readonly string[]): Error => {
  const { name, type, cause, message } = error as Error & { readonly type?: string };
  if (cause instanceof Error) return explained(cause, brokers);
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
    return new Error('The brokers have no topic orders-intake; Baton makes it when it starts.', { cause: error });
  }
  const away = /^KafkaJS(Connection|Broker|NumberOfRetries|RequestTimeout)/.test(name);
  return away ? new NotReachable(`No Kafka broker answers at ${brokers.join(', ')}: ${message}`) : (error as Error);
};
