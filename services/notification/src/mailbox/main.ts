import { z } from 'zod';
import { startMailbox } from './mailbox.js';
import { mailboxSettings } from './settings.js';

const parsed = mailboxSettings.safeParse(process.env);
if (!parsed.success) {
  console.error(`The mailbox cannot start:\n${z.prettifyError(parsed.error)}`);
  process.exit(1);
}
const { MAILBOX_SMTP_PORT: smtpPort, MAILBOX_HTTP_PORT: httpPort, MAILBOX_HOST: host, MAILBOX_DIR: dir } = parsed.data;
const mailbox = await startMailbox({ smtpPort, httpPort, host, ...(dir !== undefined && { dir }) });
console.log(`Mailbox: ${mailbox.smtpUrl}, to read at ${mailbox.httpUrl}/mails`);

const stop = (): void => {
  mailbox.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
// Started by another process: ends with it, however that ended.
if (process.channel) {
  process.once('disconnect', stop);
  process.channel.unref();
}
