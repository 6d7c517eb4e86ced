import { z } from 'zod';
import { defineEvent, type EventOf } from '../define.js';
import { identifier, text } from '../primitives.js';

/** Why a customer gets mail. One mail for each order, shipment and reason. */
export const mailReasons = [
  'order-placed',
  'order-delayed',
  'shipment-dispatched',
  'shipment-delivered',
  'cancellation-refused',
  'order-cancelled',
] as const;
export type MailReason = (typeof mailReasons)[number];

const events = { topic: 'notification', writer: 'notification' } as const;
const mail = {
  orderId: identifier,
  shipment: z.int().min(0).describe('0 stands for the order as a whole.'),
  reason: z.enum(mailReasons),
  messageId: text(250).describe("The mail's Message-ID, the same in a repetition."),
};

export const CustomerNotified = defineEvent({
  ...events,
  name: 'CustomerNotified',
  doc: 'A mail server took the mail over.',
  data: z.object(mail),
});
export type CustomerNotified = EventOf<typeof CustomerNotified>;

export const NotificationFailed = defineEvent({
  ...events,
  name: 'NotificationFailed',
  doc: 'The mail will not be sent: a mail server refused it for good, or tries ran out. Never a reason to undo.',
  data: z.object({ ...mail, detail: text(1_000) }),
});
export type NotificationFailed = EventOf<typeof NotificationFailed>;
