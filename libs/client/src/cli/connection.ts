import { BatonClient } from '../client/baton-client.js';
import { UsageError } from './exit-codes.js';
import type { Io } from './io.js';

/** Where the gateway of `npm start` listens. */
export const DEFAULT_URL = 'http://127.0.0.1:7070';

/** Options that every command has. */
export interface Connection {
  readonly url?: string;
  readonly json?: boolean;
}

/** The client for a command: --url, else BATON_URL, else the default. */
export const clientOf = (io: Io, options: Connection): BatonClient => {
  const url = options.url ?? (io.env['BATON_URL'] || DEFAULT_URL);
  try {
    return new BatonClient({ url, ...(io.fetch && { fetch: io.fetch }) });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
};
