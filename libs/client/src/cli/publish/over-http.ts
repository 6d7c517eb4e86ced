import { createHash } from 'node:crypto';
import { type OrderCancellationSubmitted, type OrderInput, OrderSubmitted } from '@baton/contracts';
import type { BatonClient } from '../../client/baton-client.js';
import { BatonError } from '../../client/errors.js';
import { isIdempotencyKey } from '../../client/http.js';
import type { Entry } from './entries.js';

/** An event that a service said no to. */
export interface RefusedEntry {
  readonly line?: number;
  readonly orderId: string;
  readonly status: number;
  readonly detail: string;
}

export interface HttpOptions {
  readonly client: BatonClient;
  /** Requests at the same time. */
  readonly concurrency: number;
  readonly onSent: (count: number) => void;
}

/**
 * Sends events as HTTP requests, those of one order one after another. Goes on past a refusal; stops at the first
 * request that nobody answers, the service behind the gateway included.
 * @returns what was refused, in the order of the input
 * @throws BatonUnreachable
 * @throws BatonError with 502, 503 or 504
 */
export const publishOverHttp = async (
  entries: readonly Entry[],
  options: HttpOptions,
): Promise<readonly RefusedEntry[]> => {
  const orders = Map.groupBy(entries, ({ orderId }) => orderId).values();
  const refused: RefusedEntry[] = [];
  let stopped = false;
  const work = async (): Promise<void> => {
    // The iterator is shared: each worker takes the next order that nobody has.
    for (const order of orders) {
      for (const entry of order) {
        if (stopped) return;
        try {
          await send(options.client, entry);
          options.onSent(1);
        } catch (error) {
          if (!(error instanceof BatonError) || error.isAway) {
            stopped = true;
            throw error;
          }
          const { orderId, line } = entry;
          refused.push({ ...(line !== undefined && { line }), orderId, status: error.status, detail: error.message });
        }
      }
    }
  };
  await allSettled(Array.from({ length: options.concurrency }, work));
  return refused.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0));
};

const send = async (client: BatonClient, { definition, data, orderId, id }: Entry): Promise<void> => {
  if (definition === OrderSubmitted) {
    await client.orders.submit(data as OrderInput);
  } else {
    const { reason } = data as OrderCancellationSubmitted['data'];
    await client.orders.cancel(orderId, { ...(reason !== undefined && { reason }), idempotencyKey: keyOf(id) });
  }
};

/** The Idempotency-Key of an event: its id, or where that can be none, what stands for it. */
const keyOf = (id: string): string => (isIdempotencyKey(id) ? id : createHash('sha256').update(id).digest('hex'));

/** Waits for all before it rejects with the first reason, so that nothing goes on unseen. */
const allSettled = async (promises: readonly Promise<void>[]): Promise<void> => {
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === 'rejected') throw result.reason;
  }
};
