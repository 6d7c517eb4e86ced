import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { describeIssues } from '@baton/messaging';
import { simpleParser } from 'mailparser';
import { z } from 'zod';
import { listPage, MAIL_POLICY, mailPage, PAGE_POLICY } from './pages.js';
import type { MailStore, StoredMail } from './store.js';

const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** Mails that came before this one. */
  before: z.coerce.number().int().min(1).optional(),
  /** Part of a recipient or of a Message-ID (which holds the order's id). */
  text: z.string().max(300).optional(),
});

interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly policy?: string;
  readonly allow?: string;
}

const HTML = 'text/html; charset=utf-8';
const json = (body: unknown, status = 200): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(body),
});
const problem = (status: number, detail: string): Answer => ({
  status,
  type: 'application/problem+json',
  body: JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail }),
});

const parse = (mail: StoredMail) => simpleParser(Buffer.from(mail.raw, 'latin1'), { skipImageLinks: true });
const listed = async (mail: StoredMail) => {
  const { id, at, messageId, recipients } = mail;
  return { id, at, messageId, recipients, subject: (await parse(mail)).subject ?? '' };
};

const answerTo = async (store: MailStore, { method, url = '/', headers }: IncomingMessage): Promise<Answer> => {
  if (method !== 'GET' && method !== 'HEAD') {
    return { ...problem(405, 'A mailbox is only read.'), allow: 'GET, HEAD' };
  }
  const { pathname, searchParams } = new URL(url, 'http://mailbox');
  const wantsHtml = headers.accept?.includes('text/html') ?? false;
  if (pathname === '/health') return json({ status: 'ok' });
  if (pathname === '/mails' || pathname === '/') {
    const query = listQuery.safeParse(Object.fromEntries(searchParams));
    if (!query.success) return problem(400, describeIssues(query.error));
    const mails = await Promise.all(store.list(query.data).map(listed));
    if (wantsHtml) return { type: HTML, body: listPage(mails, store.counts), policy: PAGE_POLICY };
    return json({ ...store.counts, mails });
  }
  const [, id = '', part = ''] = /^\/mails\/(\d{1,9})(?:\/(html|raw))?$/.exec(pathname) ?? [];
  const mail = id === '' ? undefined : store.find(Number(id));
  if (!mail) return problem(404, 'There is no such mail; the mailbox shows the latest mails only.');
  if (part === 'raw') return { type: 'text/plain; charset=utf-8', body: Buffer.from(mail.raw, 'latin1') };
  const parsed = await parse(mail);
  if (part === 'html') return { type: HTML, body: parsed.html || '', policy: MAIL_POLICY };
  if (wantsHtml) return { type: HTML, body: mailPage(mail, parsed), policy: PAGE_POLICY };
  const { raw: _raw, ...rest } = mail;
  return json({
    ...rest,
    from: parsed.from?.text,
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: parsed.html || '',
    headers: Object.fromEntries(parsed.headerLines.map(({ key, line }) => [key, line])),
  });
};

const write = (response: ServerResponse, { status = 200, type, body, policy, allow }: Answer): void => {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...(allow && { allow }),
    ...(policy && { 'content-security-policy': policy }),
  });
  response.end(body);
};

/** The mails to read: `/mails`, `/mails/{id}`, `/mails/{id}/html`, `/mails/{id}/raw`; JSON, or pages for browsers. */
export const mailPages = (store: MailStore): Server =>
  createServer((request, response) => {
    answerTo(store, request).then(
      (answer) => write(response, answer),
      () => write(response, problem(500, 'The mailbox failed to show this.')),
    );
  });
