import type { Server, ServerResponse } from 'node:http';

/**
 * Has each answer that a server gives while it stops say that it is the last on its connection: a client that keeps
 * connections would send its next request into one that is being closed, and not know what became of it.
 * @returns to be called when the server stops
 */
export const lastAnswers = (server: Server): (() => void) => {
  const open = new Set<ServerResponse>();
  let isStopping = false;
  server.prependListener('request', (_request, response) => {
    if (isStopping) return endsConnection(response);
    open.add(response);
    response.once('close', () => open.delete(response));
  });
  return () => {
    isStopping = true;
    for (const response of open) endsConnection(response);
  };
};

/** At the last moment: an answer that is passed on comes with a header of the other connection. */
const endsConnection = (response: ServerResponse): void => {
  const { writeHead } = response;
  response.writeHead = (...said: readonly unknown[]) => {
    response.setHeader('connection', 'close');
    return Reflect.apply(writeHead, response, said) as ServerResponse;
  };
};
