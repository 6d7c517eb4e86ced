import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refused } from '@baton/messaging';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { answerProblem } from './problem.js';

type Next = () => void;

/**
 * Reads the bodies of requests as JSON, up to a limit such as `1mb`. What cannot be read is answered here: Nest would
 * make a problem without a type of a parser's error, with a piece of the body in it.
 */
export const readJson = (app: NestExpressApplication, limit: string | number): void => {
  app.use((request: IncomingMessage, response: ServerResponse, next: Next) => {
    if (hasBody(request) && !isJson(request)) answerProblem(response, notJson());
    else next();
  });
  // Any JSON value, for the schema of a body says best what it should be; `strict` would call a text no JSON.
  app.useBodyParser('json', { limit, strict: false });
  // The parser would put U+FFFD in the place of what it cannot read, and a name or an address would be stored mangled.
  app.use((request: IncomingMessage & { readonly rawBody?: Buffer }, response: ServerResponse, next: Next) => {
    if (request.rawBody && !isUtf8(request.rawBody)) answerProblem(response, notUtf8());
    else next();
  });
  // Express knows a handler of errors by its four parameters.
  app.use((error: unknown, _request: IncomingMessage, response: ServerResponse, _next: Next) => {
    answerProblem(response, error);
  });
};

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const isJson = ({ headers }: IncomingMessage): boolean =>
  /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');

const notJson = (): Refused =>
  new Refused(415, 'not-json', 'Send the body as JSON, with the header content-type: application/json.');

const notUtf8 = (): Refused => new Refused(400, 'not-utf-8', 'The body is not UTF-8; send one JSON value in UTF-8.');
