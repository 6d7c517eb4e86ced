import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request as the fake gateway got it. */
export interface Seen {
  readonly method: string;
  /** Path with its query. */
  readonly path: string;
  readonly key: string | undefined;
  readonly body: unknown;
}

export type Answer = { readonly status?: number; readonly body: unknown } | 'hang up';

export interface FakeGateway {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Requests under way at the same time, at most. */
  readonly mostAtOnce: number;
}

/** An HTTP server on a port of the system's choice that answers as the test says, until that test has ended. */
export const fakeGateway = async (answer: (request: Seen) => Answer): Promise<FakeGateway> => {
  const seen: Seen[] = [];
  let open = 0;
  let mostAtOnce = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    mostAtOnce = Math.max(mostAtOnce, ++open);
    response.on('close', () => open--);
    const text = await textOf(request);
    const { method = '', url: path = '', headers } = request;
    const entry = {
      method,
      path,
      key: headers['idempotency-key']?.toString(),
      body: text === '' ? undefined : JSON.parse(text),
    };
    seen.push(entry);
    const said = answer(entry);
    if (said === 'hang up') {
      request.socket.destroy();
      return;
    }
    const { status = 200, body } = said;
    response.statusCode = status;
    response.setHeader('content-type', status < 400 ? 'application/json' : 'application/problem+json');
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    get mostAtOnce() {
      return mostAtOnce;
    },
  };
};

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};
