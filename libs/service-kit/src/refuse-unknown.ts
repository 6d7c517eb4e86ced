import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http';
import { Refused } from '@baton/messaging';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { answerProblem } from './problem.js';

/** What Express keeps for each route, in part: its types leave `match` out. */
interface Layer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): unknown;
}

/**
 * Refuses what no route of an application answers, before its body is read: a path that nobody knows, or a method that
 * its path does not take. Neither is repeated in the answer, for an address may name a person.
 */
export const refuseUnknown = (app: NestExpressApplication): void => {
  const routes = app.getHttpAdapter().getInstance().router.stack as unknown as readonly Layer[];
  app.use((request: IncomingMessage & { readonly path: string }, response: ServerResponse, next: () => void) => {
    const allowed = methodsOf(routes, request.path);
    if (allowed === undefined) return answerProblem(response, malformed());
    if (allowed.has(request.method ?? '')) return next();
    if (allowed.size === 0) return answerProblem(response, noSuchPath());
    const allow = [...allowed].sort().join(', ');
    response.setHeader('allow', allow);
    answerProblem(response, new Refused(405, 'method-not-allowed', `This path takes ${allow}.`));
  });
};

/** The methods that a path takes; undefined when it cannot be decoded. What takes all there are is a middleware of Nest's. */
const methodsOf = (layers: readonly Layer[], path: string): ReadonlySet<string> | undefined => {
  try {
    const methods = layers.flatMap((layer) => {
      const own = Object.keys(layer.route?.methods ?? {});
      return own.length < METHODS.length && layer.match(path) ? own : [];
    });
    return new Set(methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : method.toUpperCase())));
  } catch (error) {
    if ((error as { readonly status?: number }).status === 400) return undefined;
    throw error;
  }
};

const malformed = (): Refused =>
  new Refused(400, 'malformed-path', 'The path is not UTF-8; percent-encode each part of it (RFC 3986).');

const noSuchPath = (): Refused =>
  new Refused(404, 'no-such-path', 'There is nothing at this path; /openapi.json says what there is.');
