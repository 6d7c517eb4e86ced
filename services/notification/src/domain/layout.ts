import type { Line } from '@baton/contracts';

/** A paragraph, or a list of names with their values. */
export type Block = string | Readonly<Record<string, string>>;

/** The content of a mail, before it is laid out. */
export interface Letter {
  readonly greeting: string;
  readonly blocks: readonly Block[];
  readonly order: { readonly orderId: string; readonly lines: readonly Line[] };
}

/**
 * Text on one line: control characters and line separators become spaces, so that nothing can begin a header of its
 * own or a paragraph that is not ours; direction overrides go, for they make one thing look like another.
 */
export const singleLine = (text: string): string => (NOT_PLAIN.test(text) ? madeSingle(text) : text);

/** Anything but visible ASCII with single spaces inside: the rest, nearly all text, is one line as it is. */
const NOT_PLAIN = /[^ -~]|^ | $| {2}/;
const madeSingle = (text: string): string =>
  text
    .replace(/[\u202a-\u202e\u2066-\u2069]/gu, '')
    .replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ')
    .trim();

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in HTML, in content and in quoted attributes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '');

/** The letter as plain text. */
export const plainText = ({ greeting, blocks, order }: Letter): string =>
  [
    greeting,
    ...blocks.map((block) =>
      typeof block === 'string'
        ? block
        : Object.entries(block)
            .map(([name, value]) => `${name}: ${singleLine(value)}`)
            .join('\n'),
    ),
    [`Your order ${order.orderId}:`, ...order.lines.map(({ quantity, sku }) => `  ${quantity} x ${sku}`)].join('\n'),
  ].join('\n\n') + '\n';

const CELL = 'padding:6px 12px 6px 0;border-bottom:1px solid #e5e2dc;text-align:left;vertical-align:top';
const row = (left: string, right: string): string =>
  `<tr><td style="${CELL}">${escapeHtml(left)}</td><td style="${CELL};font-weight:600">${escapeHtml(right)}</td></tr>`;
const table = (rows: readonly string[]): string =>
  `<table role="presentation" style="border-collapse:collapse;margin:0 0 20px">${rows.join('')}</table>`;
const paragraph = (text: string): string => `<p style="margin:0 0 20px">${escapeHtml(text)}</p>`;

/** The letter as an HTML document that needs nothing from elsewhere. */
export const html = (title: string, { greeting, blocks, order }: Letter): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title></head>
<body style="margin:0;background:#f6f4ef;color:#1f2328;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
<div style="max-width:560px;margin:0 auto;padding:32px 24px;background:#ffffff">
<h1 style="font-size:20px;line-height:1.3;margin:0 0 24px">${escapeHtml(title)}</h1>
${[
  paragraph(greeting),
  ...blocks.map((block) =>
    typeof block === 'string'
      ? paragraph(block)
      : table(Object.entries(block).map(([name, value]) => row(name, singleLine(value)))),
  ),
  `<h2 style="font-size:16px;margin:0 0 8px">Your order ${escapeHtml(order.orderId)}</h2>`,
  table(order.lines.map(({ quantity, sku }) => row(`${quantity} ×`, sku))),
].join('\n')}
</div>
</body>
</html>
`;
