import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineService } from './service.js';
import { type RunningService, startService } from './start-service.js';

@Controller('things')
class ThingsApi {
  @Get(':id')
  read(@Param('id') id: string): { readonly id: string } {
    return { id };
  }

  @Get('summary')
  summary(): { readonly things: number } {
    return { things: 0 };
  }

  @Post(':id')
  change(@Body() body: unknown): { readonly body: unknown } {
    return { body };
  }

  @Post(':id/parts')
  add(): { readonly parts: number } {
    return { parts: 1 };
  }
}

@Module({ controllers: [ThingsApi] })
class ThingsModule {}

const things = defineService({
  name: 'gateway',
  doc: 'A service for a test.',
  module: ThingsModule,
  entities: [],
  migrations: [],
});

let service: RunningService;
beforeAll(async () => {
  service = await startService(things, { env: { LOG_LEVEL: 'silent' } });
});
afterAll(() => service?.stop());

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One request as it stands here: fetch would mend some paths, and knows not all methods. */
const send = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string | Buffer,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(service.url);
    const request = httpRequest({ hostname, port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (data) => (text += String(data)));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on('error', reject);
    request.end(body);
  });

const expectProblem = ({ status, headers, text }: Answer, wanted: number, code: string, detail: RegExp): void => {
  expect(status, text).toBe(wanted);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(JSON.parse(text)).toMatchObject({
    type: `urn:baton:problem:${code}`,
    title: expect.stringMatching(/^(?!Error$)/),
    status: wanted,
    detail: expect.stringMatching(detail),
  });
};

const NAMED = '?name=Jane&mail=jane%40example.test';
const JSON_BODY = { 'content-type': 'application/json' };

describe('A path that nobody knows', () => {
  it.each(['/Jane', '/things', '/things/1/Jane', '/openapi.json/Jane', '/health', '//things/1'])(
    'is not found, and not repeated: %s',
    async (path) => {
      const answer = await send('GET', path + NAMED);
      expectProblem(answer, 404, 'no-such-path', /\/openapi\.json says what there is/);
      expect(answer.text).not.toMatch(/Jane/i);
    },
  );

  it('is not found whatever is sent to it', async () => {
    expectProblem(await send('POST', '/Jane', { 'content-type': 'text/plain' }, 'Jane'), 404, 'no-such-path', /./);
    expectProblem(await send('POST', '/Jane', JSON_BODY, '{"name": "Jane'), 404, 'no-such-path', /./);
  });
});

describe('A method that a path does not take', () => {
  it.each([
    ['DELETE', '/things/1', 'GET, HEAD, POST'],
    ['OPTIONS', '/things/summary', 'GET, HEAD, POST'],
    ['GET', '/things/1/parts', 'POST'],
    ['HEAD', '/things/1/parts', 'POST'],
    ['TRACE', '/things/1/parts', 'POST'],
    ['POST', '/health/live', 'GET, HEAD'],
    ['DELETE', '/openapi.json', 'GET, HEAD'],
  ])('%s %s is not allowed, and the answer says which are', async (method, path, allowed) => {
    const answer = await send(method, path + NAMED);
    expect(answer.headers.allow).toBe(allowed);
    if (method === 'HEAD') expect(answer.status).toBe(405);
    else expectProblem(answer, 405, 'method-not-allowed', new RegExp(`takes ${allowed}\\.$`));
    expect(answer.text).not.toMatch(/Jane/i);
  });

  it('is not allowed whatever is sent with it', async () => {
    const answer = await send('PUT', '/things/1', { 'content-type': 'text/plain' }, 'Jane');
    expectProblem(answer, 405, 'method-not-allowed', /GET, HEAD, POST/);
  });
});

describe('A path that is not percent-encoded UTF-8', () => {
  it.each(['/things/Jane%zz', '/things/Jane%', '/things/Jane%c3%28', '/things/Jane%ED%A0%80/parts'])(
    'is refused, and not repeated: %s',
    async (path) => {
      const answer = await send('GET', path);
      expectProblem(answer, 400, 'malformed-path', /percent-encode/);
      expect(answer.text).not.toMatch(/Jane/);
    },
  );
});

describe('A body', () => {
  it.each([
    [{ 'content-encoding': 'zip' }, 415, 'unsupported-encoding', /uncompressed, or with .*gzip/],
    [{ 'content-encoding': 'gzip' }, 400, 'malformed-encoding', /uncompressed, or compressed as/],
    [{ 'content-encoding': 'br' }, 400, 'malformed-encoding', /uncompressed, or compressed as/],
    [{ 'content-type': 'application/json; charset=latin1' }, 415, 'not-utf-8', /in UTF-8/],
    [{ 'content-type': 'application/json; charset=jane' }, 415, 'not-utf-8', /in UTF-8/],
    [{ 'content-type': 'text/plain' }, 415, 'not-json', /content-type: application\/json/],
  ] as const)('sent with %j is refused with a remedy', async (headers, status, code, detail) => {
    expectProblem(await send('POST', '/things/1', { ...JSON_BODY, ...headers }, '{"a": 1}'), status, code, detail);
  });

  it('may begin with a byte order mark', async () => {
    const answer = await send('POST', '/things/1', JSON_BODY, '\ufeff{"a": 1}');
    expect(answer).toMatchObject({ status: 201, text: '{"body":{"a":1}}' });
  });
});

describe('What is no HTTP', () => {
  /** All that comes back for some bytes, until the connection is closed. */
  const raw = (bytes: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(service.url);
      const socket = connect(Number(port), hostname, () => socket.write(bytes));
      let text = '';
      socket.on('data', (data) => (text += String(data)));
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
    });
  const post = 'POST /things/1 HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

  it.each([
    ['a request line', 'Jane\r\n\r\n', 400, 'malformed-http'],
    ['a chunk', `${post}transfer-encoding: chunked\r\n\r\nJane\r\n`, 400, 'malformed-http'],
    [
      'a head that is too large',
      `GET /things/1 HTTP/1.1\r\nhost: x\r\ncookie: ${'Jane'.repeat(5_000)}\r\n\r\n`,
      431,
      'head-too-large',
    ],
  ])('gets a problem, too: %s', async (_name, bytes, status, code) => {
    const [head = '', text = ''] = (await raw(bytes)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const lengths = /content-length: (\d+)/.exec(head);
    expect(text).toHaveLength(Number(lengths?.[1]));
    const headers = { 'content-type': /content-type: (.+)/.exec(head)?.[1] };
    expectProblem({ status, headers, text }, status, code, /./);
    expect(text).not.toMatch(/Jane/);
  });

  it('has only the head of an answer, if that is what was asked for', async () => {
    const answer = await raw(`HEAD /things/1 HTTP/1.1\r\nhost: x\r\ncookie: ${'Jane'.repeat(5_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 431 [^]+\r\n\r\n$/);
    expect(answer).not.toContain('{');
  });
});

it('An answer has no tag that a client could ask again with', async () => {
  expect((await send('GET', '/things/1')).headers.etag).toBeUndefined();
});
