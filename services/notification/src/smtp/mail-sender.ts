import { type EffectCall, Performs } from '@baton/messaging';
import { CONFIG } from '@baton/service-kit';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import DataLoader from 'dataloader';
import { createTransport, type SendMailOptions, type Transporter } from 'nodemailer';
import { DataSource } from 'typeorm';
import type { NotificationConfig } from '../config.js';
import type { SendResult } from '../domain/decide.js';
import { singleLine } from '../domain/layout.js';
import type { MailSource, MailKey } from '../domain/mail.js';
import { render } from '../domain/render.js';
import { MAX_TRIES, SendMail } from '../effects.js';
import { isRefusal, type SmtpError, withoutAddresses } from './answers.js';
import { messageIdOf } from './message-id.js';

/** Most mails that one statement reads. */
const MOST_LETTERS = 500;
/** Connections kept open to the mail server. */
const CONNECTIONS = 8;
/** How long a mail under way may still take when the service stops, milliseconds. */
const GRACE_MS = 5_000;
const TIMEOUTS_MS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 60_000 };

interface FoundSource extends MailSource {
  /** Place of its key among those that were asked for, from 1. */
  readonly n: number;
}

/** Reads what mails are written from, all that are asked for at a time in one statement, and keeps nothing. */
const sourcesIn = (database: DataSource) =>
  new DataLoader<MailKey, MailSource | undefined>(
    async (keys) => {
      const rows: readonly FoundSource[] = await database.query(
        `select k.n::int, contact, lines, facts
         from unnest($1::text[], $2::int[], $3::text[]) with ordinality as k(order_id, shipment, reason, n)
           join mails using (order_id, shipment, reason) join contacts_all using (order_id)
         where contact is not null and not taken_back`,
        [keys.map(({ orderId }) => orderId), keys.map(({ shipment }) => shipment), keys.map(({ reason }) => reason)],
      );
      const found = new Map(rows.map((row) => [row.n, row]));
      return keys.map((_, index) => found.get(index + 1));
    },
    { cache: false, maxBatchSize: MOST_LETTERS, batchScheduleFn: (read) => void setImmediate(read) },
  );

/** Gives mails to the mail server. */
@Injectable()
export class MailSender implements OnApplicationShutdown {
  private readonly transport: Transporter | undefined;
  private readonly domain: string;
  private readonly sources: DataLoader<MailKey, MailSource | undefined>;

  constructor(
    @Inject(DataSource) database: DataSource,
    @Inject(CONFIG) private readonly config: NotificationConfig,
  ) {
    this.domain = config.MAIL_FROM.slice(config.MAIL_FROM.lastIndexOf('@') + 1);
    this.sources = sourcesIn(database);
    this.transport = config.MAIL_MODE === 'smtp' ? createTransport(pooled(config.SMTP_URL)) : undefined;
  }

  /**
   * Sends one mail.
   * @returns how it ended for good: the server took it or refused it, or tries ran out
   * @throws when it is not known whether the server took it, or it asked to come again later
   */
  @Performs(SendMail)
  async send(call: EffectCall<MailKey, MailSource>): Promise<SendResult> {
    const { payload, attempt } = call;
    const messageId = messageIdOf(payload, this.domain);
    const { contact, lines, facts } = await this.source(call);
    const { orderId } = payload;
    const { subject, text, html } = render({ orderId, name: contact.name, lines, facts });
    if (!this.transport) return { outcome: 'sent', messageId };
    const { signal } = call;
    const late = aMomentAfter(signal);
    const mail: SendMailOptions & { readonly signal: AbortSignal } = {
      messageId,
      from: { name: this.config.MAIL_FROM_NAME, address: this.config.MAIL_FROM },
      to: { name: singleLine(contact.name), address: contact.email },
      subject,
      text,
      html,
      // Tells vacation responders and the like that nobody wrote this by hand (RFC 3834).
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
      signal: late.signal,
    };
    try {
      await this.transport.sendMail(mail);
      return { outcome: 'sent', messageId };
    } catch (error) {
      const answer = error as SmtpError;
      const detail = withoutAddresses(answer.message, contact);
      if (isRefusal(answer)) return { outcome: 'failed', messageId, detail };
      if (attempt >= MAX_TRIES && !isStop(signal)) {
        return { outcome: 'failed', messageId, detail: `Given up after ${attempt} tries; the last one: ${detail}` };
      }
      // Not the error itself, which names the customer's address and would be logged.
      throw new Error(`The mail server did not take a mail: ${detail}`);
    } finally {
      late.forget();
    }
  }

  /** After the effects have ended, which onModuleDestroy would not wait for. */
  onApplicationShutdown(): void {
    this.transport?.close();
  }

  private async source({ atHand, payload }: EffectCall<MailKey, MailSource>): Promise<MailSource> {
    const source = atHand ?? (await this.sources.load(payload));
    const { orderId, shipment, reason } = payload;
    if (!source) throw new Error(`No mail ${reason} of shipment ${shipment} of order ${orderId} is to be sent.`);
    return source;
  }
}

/**
 * A signal that follows another a moment later: a mail under way is better waited for than sent twice.
 */
const aMomentAfter = (signal: AbortSignal): { readonly signal: AbortSignal; forget(): void } => {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const follow = (): void => {
    timer = setTimeout(() => late.abort(signal.reason), GRACE_MS);
  };
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, { once: true });
  return {
    signal: late.signal,
    forget: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', follow);
    },
  };
};

/** True when the service stops, which is no answer of the mail server and no reason to give a mail up. */
const isStop = ({ aborted, reason }: AbortSignal): boolean => aborted && (reason as Error).name !== 'TimeoutError';

/** The address of the mail server with the options of the pool, which nodemailer reads from the query. */
const pooled = (address: string): string => {
  const url = new URL(address);
  // One try more for a kept connection that the server has closed; beyond that the effect's own pauses rule.
  const options = { pool: true, maxConnections: CONNECTIONS, maxRequeues: 1, ...TIMEOUTS_MS };
  for (const [name, value] of Object.entries(options)) url.searchParams.set(name, String(value));
  return url.href;
};
