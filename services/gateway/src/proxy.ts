import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Refused } from '@baton/messaging';
import { answerProblem } from '@baton/service-kit';
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware';
import type { GatewayConfig } from './config.js';
import { addressOf, pathAtService, type Route, routeOf, type Upstream, upstreams } from './routes.js';

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const TIMED_OUT = 'ETIMEDOUT';

/**
 * Makes the middleware that passes requests on to the services. Bodies pass as they come, untouched (a webhook's
 * signature covers its bytes), so no body parser may stand before it.
 */
export const proxies = (config: GatewayConfig): Handler => {
  const targets = new Map<Upstream, Handler>();
  for (const upstream of upstreams) {
    const target = addressOf(config, upstream);
    if (target !== undefined) targets.set(upstream, proxyTo(upstream, target, config.UPSTREAM_TIMEOUT_MS));
  }
  return (request, response, next) => {
    const route = routeOf(request.url ?? '/');
    if (!route) return next();
    const proxy = targets.get(route.upstream);
    if (!proxy) return next();
    // A wrong length is refused by Node's parser already; an absent one is counted while the body passes.
    if (Number(request.headers['content-length'] ?? 0) > route.bodyLimit) return refuseBody(request, response, route);
    // Node has said 100 Continue already; with the header, the proxy would tell none of its rules.
    delete request.headers.expect;
    return proxy(request, response, next);
  };
};

const proxyTo = (upstream: Upstream, target: string, timeoutMs: number): Handler => {
  const agent = target.startsWith('https:') ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const rules: Plugin = (server) => {
    server.on('proxyReq', (toService, request, response) => {
      limitTime(toService, request, timeoutMs);
      limitBody(toService, request, response);
    });
    server.on('error', (error, _request, response) => {
      if (!response || !('writeHead' in response)) return;
      answerProblem(response, noAnswer(upstream, error, timeoutMs));
    });
  };
  // Without the plugins that come along: their error page is plain text, and would answer a second time.
  const proxy = createProxyMiddleware({
    target,
    agent,
    xfwd: true,
    pathRewrite: (url) => {
      const route = routeOf(url);
      return route && pathAtService(route, url);
    },
    ejectPlugins: true,
    plugins: [rules],
  });
  return (request, response) => {
    // Errors were answered by the rule above; there is nobody else to tell.
    void proxy(request, response, () => {});
  };
};

const noAnswer = (service: Upstream, { code }: NodeJS.ErrnoException, timeoutMs: number): Refused =>
  code === TIMED_OUT
    ? new Refused(504, 'service-timeout', `The service ${service} did not answer within ${timeoutMs} ms.`, { service })
    : new Refused(502, 'service-unreachable', `The service ${service} cannot be reached right now.`, { service });

/** Gives the service this long for the head of its answer, counted from the last byte that it was sent. */
const limitTime = (toService: ClientRequest, request: IncomingMessage, timeoutMs: number): void => {
  const timer = setTimeout(() => {
    toService.destroy(Object.assign(new Error('No answer in time'), { code: TIMED_OUT }));
  }, timeoutMs);
  request.on('data', () => timer.refresh());
  toService.once('response', () => clearTimeout(timer));
  toService.once('close', () => clearTimeout(timer));
};

/** Counts the body while it passes, for requests that do not say how long theirs is. */
const limitBody = (toService: ClientRequest, request: IncomingMessage, response: ServerResponse): void => {
  // The path as it came: by now it is the service's.
  const route = routeOf((request as IncomingMessage & { readonly originalUrl?: string }).originalUrl ?? '/');
  if (!route || request.headers['content-length'] !== undefined) return;
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= route.bodyLimit || response.headersSent) return;
    request.unpipe();
    refuseBody(request, response, route);
    toService.destroy();
  });
};

const refuseBody = (request: IncomingMessage, response: ServerResponse, { prefix, bodyLimit }: Route): void => {
  const detail = `A body for ${prefix} may have ${bodyLimit} bytes.`;
  answerProblem(response, new Refused(413, 'body-too-large', detail, { limit: bodyLimit }));
  // The rest is read and dropped, so that a client that sends first and listens then gets to the answer.
  request.resume();
};
