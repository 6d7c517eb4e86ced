import { STATUS_CODES, type ServerResponse } from 'node:http';

/** Answers with a problem (RFC 9457), unless an answer was begun or the client has gone. */
export const problemAnswer = (
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  members: Readonly<Record<string, unknown>> = {},
): void => {
  if (response.headersSent || response.destroyed) return;
  const title = STATUS_CODES[status] ?? 'Error';
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type: `urn:baton:problem:${code}`, title, status, detail, ...members }));
};
