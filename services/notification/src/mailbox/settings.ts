import { z } from 'zod';

/** Settings of the mailbox as a program; each is an environment variable. */
export const mailboxSettings = z.object({
  MAILBOX_SMTP_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(1025)
    .describe('Port on which mails are taken; 0 takes a free one.'),
  MAILBOX_HTTP_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8025)
    .describe('Port on which mails are read; 0 takes a free one.'),
  MAILBOX_HOST: z.string().default('127.0.0.1').describe('Address that both bind to.'),
  MAILBOX_DIR: z
    .string()
    .optional()
    .describe('Folder that keeps the mails through a restart. Absent: in memory alone.'),
});
