import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChaosSystem } from './chaos-system.js';

/** Mails as the mail server got them, beside what the notification service believes that it sent. */
export interface MailAudit {
  /** Message-IDs that the server got. */
  readonly received: ReadonlySet<string>;
  /** Message-IDs that are recorded as sent, one a row of (order, shipment, reason). */
  readonly recorded: readonly string[];
  /** How many mails came again under the Message-ID of an earlier one. */
  readonly repeats: number;
}

/** Compares the mail server's own file with the notification service's records. */
export const auditMails = async (chaos: ChaosSystem): Promise<MailAudit> => {
  const rows = await chaos.query('notification', `select message_id from mails where state = 'sent'`);
  const ids = readFileSync(join(chaos.folder, 'mails', 'mails.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { readonly messageId: string }).messageId);
  const received = new Set(ids);
  return {
    received,
    recorded: rows.map(({ message_id: id }) => id as string),
    repeats: ids.length - received.size,
  };
};

/** True once each of these orders has exactly the mails that its end calls for. */
export const mailsAreComplete = async (chaos: ChaosSystem, orderIds: readonly string[]): Promise<boolean> => {
  const orders = await chaos.query('orders', 'select order_id, status from orders where order_id = any($1)', [
    orderIds,
  ]);
  const mails = await chaos.query(
    'notification',
    `select order_id, reason, count(*)::int as n from mails where order_id = any($1) and state = 'sent' group by 1, 2`,
    [orderIds],
  );
  const count = new Map(mails.map(({ order_id: id, reason, n }) => [`${String(id)}/${String(reason)}`, n]));
  const wanted: Readonly<Record<string, readonly string[]>> = {
    completed: ['order-placed', 'shipment-dispatched', 'shipment-delivered'],
    cancelled: ['order-placed', 'order-cancelled'],
    delayed: ['order-placed', 'order-delayed'],
  };
  return orders.every(({ order_id: id, status }) =>
    (wanted[String(status)] ?? ['order-placed']).every((reason) => count.get(`${String(id)}/${reason}`) === 1),
  );
};
