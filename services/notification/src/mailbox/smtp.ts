import { randomUUID } from 'node:crypto';
import { callbackify } from 'node:util';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { type MailStore, messageIdIn } from './store.js';

/** Largest message that the mailbox takes, bytes. */
const MAX_SIZE = 1_000_000;

class SmtpAnswer extends Error {
  constructor(
    message: string,
    /** SMTP reply code. */
    readonly responseCode: number,
  ) {
    super(message);
  }
}

const readAll = async (stream: SMTPServerDataStream): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  if (stream.sizeExceeded) throw new SmtpAnswer(`A mail may have ${MAX_SIZE} bytes.`, 552);
  return Buffer.concat(chunks).toString('latin1');
};

/**
 * An SMTP server that keeps what it gets. Recipients like `refuse-550@…` are answered with that code, to try out how
 * refusals are handled.
 */
export const smtpServer = (store: MailStore): SMTPServer =>
  new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    size: MAX_SIZE,
    logger: false,
    disableReverseLookup: true,
    closeTimeout: 2_000,
    onRcptTo({ address }, _session, callback) {
      const code = /^refuse-([45]\d\d)@/.exec(address)?.[1];
      callback(code === undefined ? null : new SmtpAnswer('This address refuses mail, as its name says', Number(code)));
    },
    onData(stream, session, callback) {
      const recipients = session.envelope.rcptTo.map(({ address }) => address);
      const receive = async (): Promise<void> => {
        const raw = await readAll(stream);
        await store.add({ messageId: messageIdIn(raw) ?? `<${randomUUID()}@mailbox>`, recipients, raw });
      };
      callbackify(receive)(callback);
    },
  });
