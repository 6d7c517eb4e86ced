import { STATUS_CODES, type ServerResponse } from 'node:http';
import { describeIssues, Refused } from '@baton/messaging';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { ZodError } from 'zod';
import { isAway } from './away.js';

/** RFC 9457: what went wrong with a request, for people and machines. */
export interface Problem {
  /** `about:blank`, or a name of the kind of problem as `urn:baton:problem:<code>`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly [member: string]: unknown;
}

/** Names of RFC 9110 that Node has otherwise. */
const titles: Readonly<Record<number, string>> = { 413: 'Content Too Large', 422: 'Unprocessable Content' };

const kind = (code: string): string => `urn:baton:problem:${code}`;
const AWAY = 'unavailable';
const UNAVAILABLE = kind(AWAY);
/** After how long whoever was told 503 may ask again, seconds. */
const RETRY_AFTER_S = 2;

/** Errors of the body parser carry a status, and a kind or, where a decompressor failed, its number. */
interface HttpError extends Error {
  readonly status?: number;
  readonly type?: string;
  readonly errno?: number;
}

/** Turns whatever a request ended with into a problem. */
export const problemOf = (error: unknown): Problem => {
  if (error instanceof Refused) {
    return problem(error.status, error.code, error.message, error.members);
  }
  if (error instanceof ZodError) {
    const issues = error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
    return problem(400, 'invalid-request', describeIssues(error), { issues });
  }
  if (error instanceof HttpException) return problem(error.getStatus(), undefined, error.message);
  const { status, type, errno } = error as HttpError;
  if (type === 'entity.too.large')
    return problem(413, 'body-too-large', 'The body is larger than this resource takes.');
  if (type === 'entity.parse.failed') return problem(400, 'malformed-json', malformed((error as Error).message));
  if (type === 'charset.unsupported') return problem(415, 'not-utf-8', 'Send the body as JSON in UTF-8.');
  if (type === 'encoding.unsupported') {
    return problem(415, 'unsupported-encoding', 'Send the body uncompressed, or with br, deflate or gzip.');
  }
  if (status === 400 && errno !== undefined) {
    const detail = 'The body cannot be decompressed; send it uncompressed, or compressed as content-encoding says.';
    return problem(400, 'malformed-encoding', detail);
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return problem(status, undefined, (error as Error).message);
  }
  if (isAway(error)) {
    return problem(503, AWAY, 'The service does not reach its database right now; try again in a moment.');
  }
  return problem(500, undefined, 'The service failed to handle this request; its log says why.');
};

/** Where a body stops being JSON. The parser's own message quotes the body, which may name a person. */
const malformed = (message: string): string => {
  const at = /line \d+ column \d+/.exec(message)?.[0];
  return `The body is not JSON${at === undefined ? '' : ` (${at})`}; send one JSON value in UTF-8.`;
};

const problem = (
  status: number,
  code: string | undefined,
  detail: string,
  members: Readonly<Record<string, unknown>> = {},
): Problem => ({
  type: code === undefined ? 'about:blank' : kind(code),
  title: titles[status] ?? STATUS_CODES[status] ?? 'Error',
  status,
  detail,
  ...members,
});

/**
 * Answers with the problem that an error is, outside of what Nest handles; not where an answer was begun already or the
 * client has gone.
 */
export const answerProblem = (response: ServerResponse, error: unknown): void => {
  if (response.headersSent || response.destroyed) return;
  const body = problemOf(error);
  response.writeHead(body.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
};

interface Reply {
  headersSent: boolean;
  status(code: number): Reply;
  type(name: string): Reply;
  setHeader(name: string, value: string): unknown;
  send(body: string): void;
}

/** Answers every failed request with `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<Reply>();
    const body = problemOf(error);
    // An outage meets every request, and its stack says nothing.
    if (body.type === UNAVAILABLE) this.log.warn(`A request was answered 503: ${reasonOf(error)}`);
    else if (body.status >= 500 && !(error instanceof Refused)) this.log.error(error);
    if (reply.headersSent) return;
    if (body.status === 503) reply.setHeader('retry-after', String(RETRY_AFTER_S));
    reply.status(body.status).type('application/problem+json').send(JSON.stringify(body));
  }
}

/** An error of several addresses that were tried has no text of its own. */
const reasonOf = (error: unknown): string => {
  const { message, code } = error as Error & { readonly code?: string };
  return message || (code ?? 'no reason');
};
