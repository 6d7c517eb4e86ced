import { BatonClient, superstoreCatalogue, superstoreOrders } from '@baton/client';
import { type OrderInput, OrderSubmitted } from '@baton/contracts';
import { activeHeaders, encode, type Transport } from '@baton/messaging';
import { trace } from '@opentelemetry/api';
import { setTimeout as pause } from 'node:timers/promises';
import type { Auditor } from './books.js';
import type { Say, System } from './system.js';

const PART = 200;
const REPLENISHERS = 16;
const RETRY_MS = 500;
/** Pauses of 0.2 s, doubled each time, add up to 51 s: a service that died is back before that. */
const RETRIES = 8;

/** Loads the catalogue and the first round's stock, unless the database has all of it. */
export const loadCatalogue = async (url: string, say: Say): Promise<void> => {
  const client = new BatonClient({ url, retries: RETRIES });
  const catalogue = superstoreCatalogue();
  // Imported in order: what was cut off lacks its end, and is imported again, which changes nothing that is there.
  const last = catalogue.at(-1)?.sku ?? '';
  const { items } = await client.stock.list({ sku: last, limit: 1 });
  if (items.length > 0) return;
  say(`loading the catalogue: ${new Set(catalogue.map(({ sku }) => sku)).size} SKUs at four locations …`);
  await client.stock.import(catalogue);
};

/**
 * The next orders of the sample data that this database has not seen. When a round of the data is used up, the next one
 * begins, with its own order ids and as much stock again.
 */
export const nextOrders = async (system: System, auditor: Auditor, count: number, say: Say): Promise<OrderInput[]> => {
  const chosen: OrderInput[] = [];
  for (let round = 1; chosen.length < count; round += 1) {
    const orders = superstoreOrders({ round });
    const known = await auditor.known(orders.map(({ orderId }) => orderId));
    const fresh = orders.filter(({ orderId }) => !known.has(orderId)).slice(0, count - chosen.length);
    if (round > 1 && fresh.length > 0 && known.size === 0) await replenish(system.url, round, say);
    chosen.push(...fresh);
  }
  return chosen;
};

/**
 * Place in the sample, from 1, of its first order that is new: neither this database has it, nor was it just published.
 * 1 when there is none left.
 */
export const nextPlace = async (auditor: Auditor, published: readonly string[]): Promise<number> => {
  const ids = superstoreOrders().map(({ orderId }) => orderId);
  const known = new Set([...(await auditor.known(ids)), ...published]);
  return ids.findIndex((id) => !known.has(id)) + 1 || 1;
};

/** Adds a round's stock; saying it again adds nothing. */
const replenish = async (url: string, round: number, say: Say): Promise<void> => {
  const client = new BatonClient({ url, retries: RETRIES });
  const items = superstoreCatalogue({ round }).filter(({ onHand }) => onHand > 0);
  say(`round ${round} of the sample data: replenishing ${items.length} levels …`);
  const queue = items.values();
  await Promise.all(
    Array.from({ length: REPLENISHERS }, async () => {
      for (const { sku, location, onHand } of queue) {
        await client.stock.replenish(sku, location, onHand, { idempotencyKey: `round-${round}/${sku}/${location}` });
      }
    }),
  );
};

/** Publishes orders to `orders-intake`, as a shop's system would; tries again until each part is written. */
export const publishOrders = async (
  transport: Transport,
  orders: readonly OrderInput[],
  signal: AbortSignal,
): Promise<void> => {
  const tracer = trace.getTracer('@baton/run');
  for (let from = 0; from < orders.length; from += PART) {
    const records = orders.slice(from, from + PART).map((order) =>
      tracer.startActiveSpan('publish OrderSubmitted', (span) => {
        const record = encode(
          OrderSubmitted(OrderSubmitted.schema.parse(order)),
          new Date().toISOString(),
          activeHeaders(),
        );
        span.end();
        return record;
      }),
    );
    for (;;) {
      try {
        await transport.publish(records);
        break;
      } catch (error) {
        // What was written twice has the same event ids and the same order ids, and counts once.
        if (signal.aborted) throw error;
        await pause(RETRY_MS);
      }
    }
  }
};
