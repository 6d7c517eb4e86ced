import { setTimeout as pause } from 'node:timers/promises';
import { BatonClient, superstoreCatalogue, superstoreOrders } from '@baton/client';
import type { OrderInput } from '@baton/contracts';
import { eventually } from '@baton/messaging/testing';
import type { ComposeSystem } from '../compose/compose-system.js';
import { publishToKafka } from '../compose/publish.js';

/** A world in which things go wrong more often than they should, and people are just quick enough. */
export const TROUBLED_WORLD: Readonly<Record<string, string>> = {
  OTEL_METRIC_EXPORT_INTERVAL: '5000',
  STAFF_WORKERS: '5',
  STAFF_SECONDS_PER_LIST: '2',
  STAFF_SHORT_RATE: '0.03',
  CARRIER_DELIVERY_SECONDS: '4',
  CARRIER_REJECT_RATE: '0.12',
  CARRIER_LOST_RATE: '0.006',
  CARRIER_RETURNED_RATE: '0.004',
};

const DAY_MS = 7 * 60_000;
/** The world goes on for so long after the last order. */
const EVENING_MS = 100_000;
const ORDERS = 560;
/** Every so many orders one is called off again. */
const CANCELLED_OF = 23;
const CANCELLED_AFTER_MS = 1_200;
/** How many of an article arrive that there was nothing of. */
const DELIVERY = 40;
const PATIENCE_MS = 120_000;

/** What goes wrong with the machines, by the share of the day that is over. */
const accidents = (system: ComposeSystem): readonly (readonly [number, () => Promise<unknown>])[] => [
  // Twice: a counter's first value is no rise yet.
  [0.12, () => system.compose('restart', 'postgres')],
  [0.25, () => away(system, ['pause', 'kafka'], ['unpause', 'kafka'], 15_000)],
  [0.4, () => replenishHalf(new BatonClient({ url: system.url('gateway') }))],
  [0.46, () => system.compose('restart', 'postgres')],
  [0.58, () => away(system, ['stop', 'inventory'], ['start', 'inventory'], 25_000)],
  [0.7, () => publishToKafka(system.brokers, [{ orderId: 'nonsense-1' }, { orderId: 'nonsense-2' }])],
  [0.8, () => away(system, ['stop', 'staff'], ['start', 'staff'], 35_000)],
];

/**
 * Publishes some hundreds of Superstore orders within minutes, in waves, and lets much go wrong: carriers that refuse,
 * lists that come up short, customers who change their minds, a Kafka and a service that are gone for a while.
 * @returns the ids of all orders that were placed
 */
export const liveADay = async (system: ComposeSystem, signal: AbortSignal): Promise<readonly string[]> => {
  const client = new BatonClient({ url: system.url('gateway') });
  await client.stock.import(superstoreCatalogue());
  const orders = superstoreOrders().slice(0, ORDERS);
  const begun = Date.now();
  const others = accidents(system).map(async ([share, happen]) => {
    await pause(share * DAY_MS, undefined, { signal });
    await happen();
  });
  const busy = orders.map(async (order, index) => {
    await pause(Math.max(0, begun + momentOf(index / orders.length) * DAY_MS - Date.now()), undefined, { signal });
    await place(client, order, index);
  });
  await Promise.all([...busy, ...others]);
  await pause(EVENING_MS, undefined, { signal });
  return orders.map(({ orderId }) => orderId);
};

/** Which share of the day is over when this share of the orders has come: three waves, none of them sharp. */
const momentOf = (share: number): number => share + 0.045 * Math.sin(share * 3 * 2 * Math.PI);

const place = async (client: BatonClient, order: OrderInput, index: number): Promise<void> => {
  await eventually(() => client.orders.submit(order), PATIENCE_MS);
  if (index % CANCELLED_OF !== CANCELLED_OF - 1) return;
  await pause(CANCELLED_AFTER_MS);
  await eventually(() => client.orders.cancel(order.orderId, { reason: 'changed my mind' }), PATIENCE_MS);
};

const away = async (
  system: ComposeSystem,
  go: readonly string[],
  comeBack: readonly string[],
  forMs: number,
): Promise<void> => {
  await system.compose(...go);
  await pause(forMs);
  await system.compose(...comeBack);
};

/** Every second article arrives of which there was nothing, so that some of those who wait get it. */
const replenishHalf = async (client: BatonClient): Promise<void> => {
  const gone = superstoreCatalogue().filter(({ onHand }) => onHand === 0);
  for (const [index, { sku, location }] of gone.entries()) {
    if (index % 2 === 0) await client.stock.replenish(sku, location, DELIVERY);
  }
};
