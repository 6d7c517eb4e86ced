import { type EventDraft, type Order, OrderPlaced, OrderRejected } from '@baton/contracts';
import { awaitedOrder, isPlaced, type OrderRecord, orderOf } from './order.js';
import { raise } from './status.js';
import { requestsFor } from './wishes.js';

export type Submission =
  | { readonly kind: 'placed'; readonly record: OrderRecord; readonly events: readonly EventDraft[] }
  /** The same order was accepted before: nothing changes. */
  | { readonly kind: 'known'; readonly record: OrderRecord }
  /** Another order was accepted before under this id, and stays as it is. */
  | { readonly kind: 'rejected'; readonly detail: string; readonly events: readonly EventDraft[] }
  /** No order may have this id. Nobody waits for the fate of it, so that nothing is said. */
  | { readonly kind: 'refused'; readonly detail: string };

/**
 * Ids under which no order could be read: pages of the API stand there (`GET /orders/summary`, and the coordinator's
 * `GET /sagas/counts`).
 */
const RESERVED_IDS: ReadonlySet<string> = new Set(['summary', 'counts']);

/**
 * Decides about an order that was handed over, by HTTP and by event alike. Wishes to cancel it that came first are
 * published right after its OrderPlaced.
 * @param submissionId id of the message that brought it; tells apart the rejections of one order id
 */
export const submit = (
  known: OrderRecord | undefined,
  order: Order,
  { now, submissionId }: { readonly now: string; readonly submissionId: string },
): Submission => {
  const { orderId } = order;
  if (isPlaced(known)) {
    const differing = differences(orderOf(known), order);
    if (differing.length === 0) return { kind: 'known', record: known };
    const detail = `Order ${orderId} was accepted before with other content (${differing.join(', ')}); it stays as it is. Submit a new order under a new id.`;
    return {
      kind: 'rejected',
      detail,
      events: [OrderRejected({ orderId, reason: 'order-id-reused', detail }, submissionId)],
    };
  }
  // What was taken in under such an id before this rule goes on, above.
  if (RESERVED_IDS.has(orderId)) {
    const detail = `No order can be named ${orderId}: it is the name of a page of the API. Submit it under another id.`;
    return { kind: 'refused', detail };
  }
  const { customer, region = null, serviceLevel, onShortage, lines } = order;
  const before = known ?? awaitedOrder(orderId, now);
  const placed = raise(
    { ...before, placedAt: now, customer, region, serviceLevel, onShortage, lines, wishesExpireAt: null },
    'placed',
    now,
  );
  return {
    kind: 'placed',
    record: before.wishes.length > 0 ? raise(placed, 'cancelling', now) : placed,
    events: [OrderPlaced({ ...order, placedAt: now }), ...requestsFor(before)],
  };
};

/** Names of the top-level fields in which two orders differ, without their values: those may be personal. */
const differences = (before: Order | undefined, now: Order): readonly string[] => {
  const fields = Object.keys({ ...before, ...now }) as (keyof Order)[];
  return fields.filter((field) => canonical(before?.[field]) !== canonical(now[field]));
};

/** JSON with sorted keys; absent and undefined are the same. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  ) ?? '';
