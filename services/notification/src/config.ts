import { z } from 'zod';

/** Settings of the notification service; each key is an environment variable. */
export const notificationConfig = z.object({
  SMTP_URL: z
    .url({ protocol: /^smtps?$/ })
    .default('smtp://127.0.0.1:1025')
    .describe('The mail server, as smtp://user:password@host:port or smtps://…'),
  MAIL_FROM: z.email().default('orders@shop.example').describe('The sender of all mails.'),
  MAIL_FROM_NAME: z.string().min(1).max(100).default('Your shop').describe("The sender's name, as customers see it."),
  MAIL_MODE: z
    .enum(['smtp', 'record'])
    .default('smtp')
    .describe('`record` writes the mails but gives them to no mail server, to measure everything else.'),
});
export type NotificationConfig = z.infer<typeof notificationConfig>;
