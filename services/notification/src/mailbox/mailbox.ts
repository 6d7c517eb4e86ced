import type { AddressInfo, Server } from 'node:net';
import { mailPages } from './http.js';
import { smtpServer } from './smtp.js';
import { type Counts, MailStore } from './store.js';

export interface MailboxOptions {
  /** 0: any free port. */
  readonly smtpPort: number;
  readonly httpPort: number;
  /** 127.0.0.1 when absent. */
  readonly host?: string;
  /** Folder that keeps all mails over a restart; none are kept without one. */
  readonly dir?: string;
  /** How many of the latest mails can be read; 1,000 when absent. */
  readonly keep?: number;
}

export interface Mailbox {
  readonly smtpUrl: string;
  readonly httpUrl: string;
  readonly counts: Counts;
  stop(): Promise<void>;
}

const listening = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });

/**
 * Starts a mail server for demonstrations and tests: it takes every mail, delivers none, and shows them at an HTTP
 * address.
 * @throws when a port is taken
 */
export const startMailbox = async (options: MailboxOptions): Promise<Mailbox> => {
  const { smtpPort, httpPort, host = '127.0.0.1', dir, keep = 1_000 } = options;
  const store = await MailStore.open(dir, keep);
  const smtp = smtpServer(store);
  // A client that hangs up is no reason to end.
  smtp.on('error', () => {});
  const pages = mailPages(store);
  const stop = async (): Promise<void> => {
    await new Promise<void>((resolve) => smtp.close(resolve));
    pages.closeAllConnections();
    if (pages.listening) await new Promise((resolve) => pages.close(resolve));
    await store.close();
  };
  try {
    const smtpAt = await listening(smtp.server, smtpPort, host);
    const httpAt = await listening(pages, httpPort, host);
    return {
      smtpUrl: `smtp://${host}:${smtpAt}`,
      httpUrl: `http://${host}:${httpAt}`,
      get counts() {
        return store.counts;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
