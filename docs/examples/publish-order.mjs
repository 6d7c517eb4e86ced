// Publishes one order with nothing but a Kafka client: `node docs/examples/publish-order.mjs [ORDER-ID]`.
// Outside this repository: `npm install kafkajs` first. KAFKA_BROKERS names the brokers (127.0.0.1:9092 when unset).
import { Kafka, logLevel, Partitioners } from 'kafkajs';

const orderId = process.argv[2] ?? `example-${Date.now()}`;
const order = {
  orderId,
  customer: {
    name: 'Claire Gute',
    email: 'claire@example.test',
    address: { street: '12 Main Street', city: 'Henderson', postalCode: '42420', country: 'United States' },
  },
  region: 'South',
  lines: [{ lineId: '1', sku: 'FUR-BO-10001798', quantity: 2 }],
};

const brokers = (process.env.KAFKA_BROKERS ?? '127.0.0.1:9092').split(',');
const producer = new Kafka({ clientId: 'my-shop', brokers, logLevel: logLevel.ERROR }).producer({
  createPartitioner: Partitioners.DefaultPartitioner,
  allowAutoTopicCreation: false,
});

await producer.connect();
try {
  await producer.send({
    topic: 'orders-intake',
    messages: [
      {
        key: orderId, // must be the order id
        value: JSON.stringify(order),
        headers: {
          ce_specversion: '1.0',
          ce_id: `${orderId}/submitted`, // the same when you send the same order again
          ce_type: 'baton.anyone.OrderSubmitted.v1',
          ce_source: '/my-shop',
          ce_time: new Date().toISOString(),
          'content-type': 'application/json',
        },
      },
    ],
  });
  console.log(`published order ${orderId}`);
} finally {
  await producer.disconnect();
}
