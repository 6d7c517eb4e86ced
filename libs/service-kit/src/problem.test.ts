import { type ArgumentsHost, Logger, RequestTimeoutException } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ProblemFilter, problemOf } from './problem.js';

const failure = (message: string, code?: string): Error => Object.assign(new Error(message), { code });
const failedQuery = (code: string): Error => new QueryFailedError('select 1', [], failure('no', code));

const infrastructure: readonly (readonly [string, Error])[] = [
  ['nobody listens', Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })],
  ['a connection is reset', failure('read ECONNRESET', 'ECONNRESET')],
  ['the name is not known for now', failure('getaddrinfo EAI_AGAIN postgres', 'EAI_AGAIN')],
  ['Postgres is shutting down', failure('terminating connection', '57P01')],
  ['Postgres has no room for a connection', failure('sorry, too many clients already', '53300')],
  ['a statement meets a lost connection', failedQuery('08006')],
  ['a connection breaks in the middle', failure('Connection terminated unexpectedly')],
  ['the pool has no connection in time', failure('timeout exceeded when trying to connect')],
  ['a broken connection is used', failure('Client has encountered a connection error and is not queryable')],
];

describe('A request that failed', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each(infrastructure)('is one to repeat when %s', (_name, error) => {
    expect(problemOf(error)).toMatchObject({ type: 'urn:baton:problem:unavailable', status: 503 });
  });

  it.each([
    ['a bug', new TypeError('timeouts is not iterable')],
    ['a statement that is wrong', failedQuery('42703')],
    ['a mistake in a call', failure('timeout must be a number', 'ERR_INVALID_ARG_TYPE')],
    ['no error at all', 'timeout'],
  ])('is the service’s own fault for %s', (_name, error) => {
    expect(problemOf(error)).toMatchObject({ type: 'about:blank', status: 500 });
  });

  const answerTo = (error: unknown) => {
    const headers: Record<string, string> = {};
    const reply = {
      headersSent: false,
      code: 0,
      status: (code: number) => Object.assign(reply, { code }),
      type: () => reply,
      setHeader: (name: string, value: string) => Object.assign(headers, { [name]: value }),
      send: () => undefined,
    };
    new ProblemFilter().catch(error, { switchToHttp: () => ({ getResponse: () => reply }) } as ArgumentsHost);
    return { status: reply.code, headers };
  };

  it('says when to come again, and is no error in the log, while the database is away', () => {
    const [error, warn] = [vi.spyOn(Logger.prototype, 'error'), vi.spyOn(Logger.prototype, 'warn')];
    error.mockReturnValue();
    warn.mockReturnValue();
    expect(answerTo(infrastructure[0]?.[1])).toEqual({ status: 503, headers: { 'retry-after': '2' } });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('ECONNREFUSED'));
    expect(error).not.toHaveBeenCalled();
    expect(answerTo(new RequestTimeoutException('timeout'))).toEqual({ status: 408, headers: {} });
    expect(answerTo(new Error('a bug'))).toEqual({ status: 500, headers: {} });
    expect(error).toHaveBeenCalledOnce();
  });
});
