import { CONFIG } from '@baton/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { GatewayConfig } from './config.js';
import type { OpenApi } from './openapi.js';
import { addressOf, type Upstream, upstreams } from './routes.js';

/** A service that has not answered by then counts as down, milliseconds. */
const TIMEOUT_MS = 2_000;

export interface ServiceHealth {
  readonly status: 'up' | 'down';
  readonly detail?: unknown;
}

export interface Health {
  readonly status: 'up' | 'down';
  readonly services: Readonly<Record<string, ServiceHealth>>;
}

/** Asks the services behind the gateway about themselves. */
@Injectable()
export class Services {
  constructor(@Inject(CONFIG) private readonly config: GatewayConfig) {}

  /** The programs of this installation; the mailbox only where there is one. */
  get present(): readonly Upstream[] {
    return upstreams.filter((upstream) => addressOf(this.config, upstream) !== undefined);
  }

  /** Up only when every service says that it is ready. */
  async health(): Promise<Health> {
    const asked = await Promise.all(
      this.present.map(async (upstream) => {
        const path = upstream === 'mailbox' ? '/health' : '/health/ready';
        const answer = await this.ask(upstream, path);
        const health: ServiceHealth = answer?.ok
          ? { status: 'up' }
          : { status: 'down', detail: answer ? answer.body : 'does not answer' };
        return [upstream, health] as const;
      }),
    );
    const status = asked.every(([, each]) => each.status === 'up') ? 'up' : 'down';
    return { status, services: Object.fromEntries(asked) };
  }

  /** Each service's own OpenAPI document, undefined where there was no answer. */
  async documents(): Promise<ReadonlyMap<Upstream, OpenApi | undefined>> {
    const documented = this.present.filter((upstream) => upstream !== 'mailbox');
    return new Map(
      await Promise.all(
        documented.map(async (upstream) => {
          const answer = await this.ask(upstream, '/openapi.json');
          return [upstream, answer?.ok ? (answer.body as OpenApi) : undefined] as const;
        }),
      ),
    );
  }

  private async ask(
    upstream: Upstream,
    path: string,
  ): Promise<{ readonly ok: boolean; readonly body: unknown } | undefined> {
    try {
      const response = await fetch(`${addressOf(this.config, upstream)}${path}`, {
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const body: unknown = await response.json().catch(() => undefined);
      return { ok: response.ok, body };
    } catch {
      return undefined;
    }
  }
}
