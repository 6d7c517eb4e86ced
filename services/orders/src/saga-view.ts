import { CONFIG } from '@baton/service-kit';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { z } from 'zod';
import type { OrdersConfig } from './config.js';

/** A reader waits this long for the coordinator, milliseconds; then the order's own facts must do. */
const TIMEOUT_MS = 500;

const sagaView = z.object({
  sentence: z.string(),
  timeline: z.array(z.object({ at: z.string(), fact: z.string(), shipment: z.number().nullish(), text: z.string() })),
});
export type SagaView = z.infer<typeof sagaView>;

/** Asks the coordinator how an order's saga stands, so that this service need not hear every topic to say it. */
@Injectable()
export class SagaViews {
  private readonly log = new Logger(SagaViews.name);

  constructor(@Inject(CONFIG) private readonly config: OrdersConfig) {}

  /** @returns undefined when the coordinator does not know the order yet, or does not answer in time */
  async of(orderId: string): Promise<SagaView | undefined> {
    const { COORDINATOR_URL: base } = this.config;
    if (base === undefined) return undefined;
    const url = new URL(`/sagas/${encodeURIComponent(orderId)}`, base);
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      const body: unknown = await response.json();
      if (response.status === 404) return undefined;
      if (!response.ok) throw new Error(`status ${response.status}`);
      return sagaView.parse(body);
    } catch (error) {
      this.log.warn(`The coordinator did not say how the saga of an order stands: ${(error as Error).message}`);
      return undefined;
    }
  }
}
