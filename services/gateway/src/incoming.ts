import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refused } from '@baton/messaging';
import { answerProblem } from '@baton/service-kit';

type Request = IncomingMessage & { originalUrl?: string };

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
/** Sec-Fetch-Site of a page of our own, and of what a person does in the browser itself. */
const OWN = new Set(['same-origin', 'none']);

/** A request line may say the whole address (RFC 9112, 3.2.2); what answers it is told by its path alone. */
export const pathAlone = (request: Request, _response: ServerResponse, next: () => void): void => {
  const { url = '/' } = request;
  const address = url.startsWith('/') ? null : URL.parse(url);
  if (address) {
    request.url = address.pathname + address.search;
    request.originalUrl = request.url;
  }
  next();
};

/**
 * Refuses what a page of another site would change: a browser says so in Sec-Fetch-Site, and sends it even where the
 * page may not read the answer. Programs do not send the header.
 */
export const refuseCrossSite = (request: Request, response: ServerResponse, next: () => void): void => {
  const site = request.headers['sec-fetch-site'];
  if (site === undefined || OWN.has(String(site)) || !UNSAFE.has(request.method ?? '')) return next();
  const detail = 'A page of another site asked a browser for this; only pages of this address may.';
  answerProblem(response, new Refused(403, 'cross-site', detail));
  request.resume();
};
