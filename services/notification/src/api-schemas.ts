import { identifier, mailReasons } from '@baton/contracts';
import { moment, named } from '@baton/service-kit';
import { z } from 'zod';
import type { NotificationView } from './api.js';
import type { MailState } from './domain/mail.js';

export const states = ['waiting', 'sending', 'sent', 'failed'] as const satisfies readonly MailState[];

export const notificationView = named(
  'Notification',
  z.object({
    orderId: identifier,
    shipment: z.int().describe('0 for the order as a whole.'),
    reason: z.enum(mailReasons),
    state: z.enum(states),
    wantedAt: moment,
    settledAt: moment.nullable().describe('When it was sent, or given up.'),
    messageId: z.string().nullable(),
    detail: z.string().nullable().describe('Why it could not be sent.'),
  }),
) satisfies z.ZodType<NotificationView>;
