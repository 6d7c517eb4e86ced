import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RunningService, startService } from '@baton/service-kit';
import { gateway } from './gateway.module.js';
import { upstreamSettings, upstreams } from './routes.js';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Behaviour = (response: ServerResponse) => void;

export const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

const openApi = {
  paths: {
    '/orders': { post: { summary: 'Hand over an order', requestBody: { $ref: '#/components/schemas/Order' } } },
    '/dead-letters': { get: {} },
    '/health/live': { get: {} },
  },
  components: { schemas: { Order: { type: 'object' } } },
};

const obliging: Behaviour = (response) => json(response, { ok: true });

/** The services; the mailbox is not always there. */
export const behind = upstreams.filter((name) => name !== 'mailbox');

/** A gateway before a server that stands in for all services but inventory, which is not there. */
export class GatewayWorld {
  /** What the services were asked, since `fresh`. */
  seen: Seen[] = [];
  private behave = obliging;
  private gateway: RunningService | undefined;
  private readonly services: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      this.seen.push({ method, url, headers, body: Buffer.concat(chunks).toString('latin1') });
      if (url === '/openapi.json') json(response, openApi);
      else this.behave(response);
    });
    request.on('error', () => {});
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.services.listen(0, '127.0.0.1', resolve));
    this.gateway = await this.another({ UPSTREAM_TIMEOUT_MS: '300' });
  }

  async stop(): Promise<void> {
    await this.gateway?.stop();
    this.services.closeAllConnections();
    await new Promise((resolve) => this.services.close(resolve));
  }

  get address(): string {
    if (!this.gateway) throw new Error('The gateway is not started.');
    return this.gateway.url;
  }

  /** One more gateway before the same services. */
  another(env: Readonly<Record<string, string>>): Promise<RunningService> {
    const up = `http://127.0.0.1:${(this.services.address() as AddressInfo).port}`;
    return startService(gateway, {
      env: {
        ...Object.fromEntries(behind.map((name) => [upstreamSettings[name], up])),
        LOG_LEVEL: 'silent',
        // Nothing listens at port 1.
        INVENTORY_URL: 'http://127.0.0.1:1',
        SHIPPING_URL: `${up}/`,
        ...env,
      },
    });
  }

  /** Forgets what was asked; from now on the services behave like this. */
  fresh(behaviour = obliging): void {
    this.seen = [];
    this.behave = behaviour;
  }
}
