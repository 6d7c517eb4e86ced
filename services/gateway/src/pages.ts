import type { Operation } from './openapi.js';
import type { Route } from './routes.js';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '');

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title>
<style>
body { margin: 0 auto; max-width: 860px; padding: 32px 24px; font: 16px/1.5 system-ui, sans-serif; color: #1f2328; background: #fbfaf7 }
table { width: 100%; border-collapse: collapse } td { padding: 6px 16px 6px 0; border-bottom: 1px solid #e5e2dc; vertical-align: top }
code { font-size: 14px } a { color: #0b57d0 }
</style></head>
<body>${body}</body>
</html>
`;

const table = (rows: readonly (readonly string[])[]): string =>
  `<table>${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}</table>`;

/** What is there, for people who open the address in a browser. */
export const indexPage = (routes: readonly Route[]): string =>
  page(
    'Baton',
    `<h1>Baton</h1><p>Order fulfilment. The API's <a href="/docs">operations</a>, as <a href="/openapi.json">OpenAPI</a>, and
the <a href="/health">health</a> of all services.</p>${table(
      routes.map(({ prefix, doc }) => [`<a href="${prefix}"><code>${prefix}</code></a>`, escape(doc)]),
    )}`,
  );

/** Every operation of the API. */
export const docsPage = (operations: readonly Operation[]): string =>
  page(
    'Baton: the API',
    `<h1>The API</h1><p>In full as <a href="/openapi.json">OpenAPI</a>, for tools and client generators. <a href="/">Back</a></p>${table(
      operations.map(({ method, path, summary }) => [
        `<code>${escape(method)}</code>`,
        `<code>${escape(path)}</code>`,
        escape(summary),
      ]),
    )}`,
  );
