import { maxHeaderSize, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Refused } from '@baton/messaging';
import { problemOf } from './problem.js';

/** What Node's parser says, by its code; all else is no HTTP at all. */
const known: Readonly<Record<string, Refused>> = {
  HPE_HEADER_OVERFLOW: new Refused(
    431,
    'head-too-large',
    `The request line and the headers may have ${maxHeaderSize} bytes together.`,
  ),
  ERR_HTTP_REQUEST_TIMEOUT: new Refused(408, 'request-timeout', 'The request took too long to come; send it again.'),
};
const MALFORMED = new Refused(400, 'malformed-http', 'This is not HTTP/1.1 as RFC 9112 has it.');

/** Answers with a problem what Node's parser cannot read, where Node would send an empty answer; then hangs up. */
export const answerUnreadable = (server: Server): void => {
  const answers = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => answers.set(request.socket, response));
  server.on('clientError', (error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, socket) => {
    const answer = answers.get(socket);
    const isWithinAnother = answer?.headersSent === true && !answer.writableFinished;
    if (!socket.writable || isWithinAnother) socket.destroy();
    else {
      const [head, body] = answerOf(known[error.code ?? ''] ?? MALFORMED);
      const isHead = error.rawPacket?.toString('latin1', 0, 5) === 'HEAD ';
      socket.end(isHead ? head : head + body, () => socket.destroy());
    }
  });
};

const answerOf = (refused: Refused): readonly [head: string, body: string] => {
  const body = JSON.stringify(problemOf(refused));
  const head = [
    `HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return [`${head.join('\r\n')}\r\n\r\n`, body];
};
