import { describeIssues, Refused } from '@baton/messaging';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { ZodError } from 'zod';

/** RFC 9457: what went wrong with a request, for people and machines. */
export interface Problem {
  /** `about:blank`, or a name of the kind of problem as `urn:baton:problem:<code>`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly [member: string]: unknown;
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Errors of the body parser carry a status and a kind. */
interface HttpError extends Error {
  readonly status?: number;
  readonly type?: string;
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
  const { status, type } = error as HttpError;
  if (type === 'entity.too.large')
    return problem(413, 'body-too-large', 'The body is larger than this resource takes.');
  if (type === 'entity.parse.failed') return problem(400, 'malformed-json', malformed((error as Error).message));
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return problem(status, undefined, (error as Error).message);
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
  type: code === undefined ? 'about:blank' : `urn:baton:problem:${code}`,
  title: titles[status] ?? 'Error',
  status,
  detail,
  ...members,
});

interface Reply {
  headersSent: boolean;
  status(code: number): Reply;
  type(name: string): Reply;
  send(body: string): void;
}

/** Answers every failed request with `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<Reply>();
    const body = problemOf(error);
    if (body.status >= 500 && !(error instanceof Refused)) this.log.error(error);
    if (!reply.headersSent) reply.status(body.status).type('application/problem+json').send(JSON.stringify(body));
  }
}
