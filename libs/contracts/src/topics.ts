/** How a topic is made: nothing relies on a broker's auto-creation. */
export interface TopicDeclaration {
  readonly name: string;
  readonly writer: string;
  readonly keyedBy: 'order' | 'sku';
  readonly partitions: number;
  /** How long a record is kept, in milliseconds. Records and tombstones of participants outlive it: `RETENTION_DAYS`. */
  readonly retentionMs: number;
  readonly doc: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Four partitions spread a topic over up to four processes of a service; a larger deployment sets its own number. */
const PARTITIONS = 4;
const RETENTION_MS = 7 * DAY_MS;

const topic = (writer: string, doc: string, keyedBy: 'order' | 'sku' = 'order') => ({
  writer,
  keyedBy,
  partitions: PARTITIONS,
  retentionMs: RETENTION_MS,
  doc,
});

/** Every topic: who writes it, what its key is, what it is for. One writer a topic. */
export const topics = {
  'orders-intake': topic(
    'anyone',
    "Orders and cancellations as a shop's system submits them. Other clients partition differently, so only the " +
      'orders service reads this topic, and nobody relies on its order.',
  ),
  orders: topic('orders', 'Orders that were taken in, and what their customers want of them.'),
  inventory: topic('inventory', 'What became of the stock that a shipment needs.'),
  stock: topic('inventory', 'Changes of stock that no order caused, keyed by SKU.', 'sku'),
  warehouse: topic('warehouse', 'What people did with pick lists.'),
  shipping: topic('shipping', 'What carriers said and did.'),
  notification: topic('notification', 'Which mails reached a mail server, and which never will.'),
  fulfilment: topic('coordinator', "The coordinator's requests, its incidents, and how fulfilment began and ended."),
} as const satisfies Record<string, Omit<TopicDeclaration, 'name'>>;

export type TopicName = keyof typeof topics;

/** The topics as a list, in the order in which they are made. */
export const topicDeclarations: readonly TopicDeclaration[] = Object.entries(topics).map(([name, rest]) => ({
  name,
  ...rest,
}));
