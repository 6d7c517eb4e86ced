import { z } from 'zod';
import { startMailbox } from './mailbox.js';

const settings = z.object({
  MAILBOX_SMTP_PORT: z.coerce.number().int().min(0).max(65_535).default(1025),
  MAILBOX_HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(8025),
  MAILBOX_HOST: z.string().default('127.0.0.1'),
  MAILBOX_DIR: z.string().optional(),
});

const parsed = settings.safeParse(process.env);
if (!parsed.success) {
  console.error(`The mailbox cannot start:\n${z.prettifyError(parsed.error)}`);
  process.exit(1);
}
const { MAILBOX_SMTP_PORT: smtpPort, MAILBOX_HTTP_PORT: httpPort, MAILBOX_HOST: host, MAILBOX_DIR: dir } = parsed.data;
const mailbox = await startMailbox({ smtpPort, httpPort, host, ...(dir !== undefined && { dir }) });
console.log(`Mailbox: ${mailbox.smtpUrl}, to read at ${mailbox.httpUrl}/mails`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    mailbox.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
