import { type EventDraft, OrderCancellationRequested } from '@baton/contracts';
import { awaitedOrder, isPlaced, type OrderRecord, type Wish } from './order.js';
import { raise } from './status.js';

/** How long a wish that came before its order waits for it: as long as a topic keeps its records. */
export const WISH_WAITS_MS = 7 * 24 * 60 * 60 * 1000;
/** More wishes than this for one order are a loop in somebody's program; it keeps the record small. */
export const MAX_WISHES = 100;

export type WishDecision =
  | { readonly kind: 'requested'; readonly record: OrderRecord; readonly events: readonly EventDraft[] }
  /** No order yet: the wish waits for it. */
  | { readonly kind: 'kept'; readonly record: OrderRecord }
  /** The same message was heard before. */
  | { readonly kind: 'known'; readonly record: OrderRecord }
  | { readonly kind: 'refused'; readonly detail: string };

const expiryOf = ({ at }: Wish): string => new Date(Date.parse(at) + WISH_WAITS_MS).toISOString();

const request = (orderId: string, number: number, { reason }: Wish): EventDraft =>
  OrderCancellationRequested({ orderId, wish: number, ...(reason !== undefined && { reason }) }, number);

/** The requests for all wishes of a record, in the order in which they came. */
export const requestsFor = ({ orderId, wishes }: OrderRecord): readonly EventDraft[] =>
  wishes.map((wish, index) => request(orderId, index + 1, wish));

/** Decides about a wish to cancel. Each new one of an accepted order is published, also after the order's end. */
export const wishToCancel = (known: OrderRecord | undefined, orderId: string, wish: Wish): WishDecision => {
  const record = known ?? awaitedOrder(orderId, wish.at);
  if (record.wishes.some(({ id }) => id === wish.id)) return { kind: 'known', record };
  if (record.wishes.length >= MAX_WISHES) {
    return { kind: 'refused', detail: `Order ${orderId} was asked to be cancelled ${MAX_WISHES} times already.` };
  }
  const wishes = [...record.wishes, wish];
  if (!isPlaced(record)) {
    const wishesExpireAt = record.wishesExpireAt ?? expiryOf(wish);
    return { kind: 'kept', record: { ...record, wishes, wishesExpireAt } };
  }
  return {
    kind: 'requested',
    record: raise({ ...record, wishes }, 'cancelling', wish.at),
    events: [request(orderId, wishes.length, wish)],
  };
};

/**
 * Gives up wishes whose order never came.
 * @returns undefined when nothing is due (any more)
 */
export const expireWishes = (
  record: OrderRecord | undefined,
  now: string,
): { readonly record: OrderRecord; readonly reason: string } | undefined => {
  if (!record?.wishesExpireAt || record.wishesExpireAt > now) return undefined;
  const since = record.wishes[0]?.at ?? record.statusSince;
  const wishes = record.wishes.filter((wish) => expiryOf(wish) > now);
  const [next] = wishes;
  return {
    record: { ...record, wishes, wishesExpireAt: next ? expiryOf(next) : null },
    reason: `Cancellation of order ${record.orderId} was asked for at ${since}, and no order came under this id within 7 days.`,
  };
};
