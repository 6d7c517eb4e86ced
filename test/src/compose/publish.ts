import { BatonClient } from '@baton/client';
import type { OrderInput } from '@baton/contracts';
import { eventually } from '@baton/messaging/testing';
import kafkajs from 'kafkajs';

const AT_ONCE = 12;
const PATIENCE_MS = 120_000;

/** Hands orders over by HTTP, several at a time, each again until it is accepted: whoever sells does no less. */
export const publishOverHttp = async (url: string, orders: readonly OrderInput[]): Promise<void> => {
  const client = new BatonClient({ url });
  const queue = orders.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const order of queue) await eventually(() => client.orders.submit(order), PATIENCE_MS);
    }),
  );
};

/** Writes orders, or what claims to be one, to Kafka as a client that knows nothing of Baton: JSON under its id. */
export const publishToKafka = async (
  broker: string,
  orders: readonly { readonly orderId: string }[],
): Promise<void> => {
  const kafka = new kafkajs.Kafka({ clientId: 'a-shop', brokers: [broker], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    const messages = orders.map((order) => ({ key: order.orderId, value: JSON.stringify(order) }));
    await producer.send({ topic: 'orders-intake', messages });
  } finally {
    await producer.disconnect();
  }
};
