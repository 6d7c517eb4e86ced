import type { ParsedMail } from 'mailparser';
import { escapeHtml } from '../domain/layout.js';
import type { Counts, StoredMail } from './store.js';

/** Nothing of the page's own may run or load; its style stands in it. */
export const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'";
/** A mail is a stranger's document: no scripts, no forms, no origin, nothing from elsewhere. */
export const MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>
<style>
body { margin: 0 auto; max-width: 960px; padding: 24px; font: 16px/1.5 system-ui, sans-serif; color: #1f2328; background: #fbfaf7 }
table { width: 100%; border-collapse: collapse } td, th { padding: 6px 12px 6px 0; border-bottom: 1px solid #e5e2dc; text-align: left }
iframe { width: 100%; height: 60vh; border: 1px solid #e5e2dc; background: #fff } pre { white-space: pre-wrap } a { color: #0b57d0 }
</style></head>
<body>${body}</body>
</html>
`;

export interface ListedMail extends Pick<StoredMail, 'id' | 'at' | 'messageId' | 'recipients'> {
  readonly subject: string;
}

export const listPage = (mails: readonly ListedMail[], { count, repeats }: Counts): string =>
  page(
    'Mailbox',
    `<h1>Mailbox</h1><p>${count} mails came, ${repeats} of them again.</p>
<table><tr><th>When</th><th>To</th><th>Subject</th></tr>${mails
      .map(
        ({ id, at, recipients, subject }) =>
          `<tr><td>${escapeHtml(at)}</td><td>${escapeHtml(recipients.join(', '))}</td><td><a href="/mails/${id}">${escapeHtml(subject)}</a></td></tr>`,
      )
      .join('\n')}</table>`,
  );

export const mailPage = ({ id, at, recipients, messageId }: StoredMail, { subject, text }: ParsedMail): string =>
  page(
    subject ?? 'Mail',
    `<p><a href="/mails">All mails</a> · <a href="/mails/${id}/raw">source</a></p>
<h1>${escapeHtml(subject ?? '(no subject)')}</h1>
<p>To ${escapeHtml(recipients.join(', '))}, ${escapeHtml(at)}<br>${escapeHtml(messageId)}</p>
<iframe title="HTML part" sandbox src="/mails/${id}/html"></iframe>
<h2>Text part</h2><pre>${escapeHtml(text ?? '')}</pre>`,
  );
