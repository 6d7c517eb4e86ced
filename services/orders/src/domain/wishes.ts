import { type EventDraft, OrderCancellationRequested } from '@baton/contracts';
import { awaitedOrder, isPlaced, type OrderRecord, type Wish } from './order.js';
import { raise } from './status.js';

/** How long a wish that came before its order waits for it: as long as a topic keeps its records. */
const WISH_WAITS_MS = 7 * 24 * 60 * 60 * 1000;
/** More wishes than this for one order are a loop in somebody's program; it keeps the record small. */
export const MAX_WISHES = 100;

export type WishDecision =
  | { readonly kind: 'requested'; readonly record: OrderRecord; readonly events: readonly EventDraft[] }
  /** No order yet: the wish waits for it. */
  | { readonly kind: 'kept'; readonly record: OrderRecord }
  /** The same message was heard before. */
  | { readonly kind: 'known'; readonly record: OrderRecord }
  | { readonly kind: 'refused'; readonly detail: string };

/** True for a wish that has waited long enough for its order. */
export const isOverdue = (wish: Wish, now: string): boolean => expiryOf(wish) <= now;

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

export type Expiry =
  /** The order has come by now: they hold, as if they came now. */
  | { readonly kind: 'requested'; readonly record: OrderRecord; readonly events: readonly EventDraft[] }
  | { readonly kind: 'expired'; readonly record: OrderRecord | undefined; readonly detail: string }
  /** All of them are known, or still wait. */
  | { readonly kind: 'nothing' };

/**
 * Gives up wishes whose order never came. When they are looked at once more, after their order came at last, they are
 * wishes like any other.
 * @param overdue those that were found to be due, which the record may have or not any more
 */
export const expireWishes = (
  record: OrderRecord | undefined,
  orderId: string,
  overdue: readonly Wish[],
  now: string,
): Expiry => {
  const [first] = overdue;
  if (!first) return { kind: 'nothing' };
  if (isPlaced(record)) return wishesAtLast(record, overdue, now);
  const waiting = record?.wishes.filter((wish) => !isOverdue(wish, now)) ?? [];
  const [next] = waiting;
  return {
    kind: 'expired',
    record: record && { ...record, wishes: waiting, wishesExpireAt: next ? expiryOf(next) : null },
    detail: `Cancellation of order ${orderId} was asked for at ${first.at}, and no order came under this id within 7 days.`,
  };
};

/**
 * What an `ExpireWishes` of an earlier release is about, which named no wishes: those that the record still has, else one
 * that it has forgotten.
 * @param id of that one, the same each time it is tried
 */
export const unnamedWishes = (record: OrderRecord | undefined, id: string, now: string): readonly Wish[] => {
  const overdue = record?.wishes.filter((wish) => isOverdue(wish, now)) ?? [];
  // A record without an order is as old as its first wish.
  return overdue.length > 0 ? overdue : [{ id, at: record?.statusSince ?? now }];
};

const wishesAtLast = (placed: OrderRecord, overdue: readonly Wish[], now: string): Expiry => {
  let record = placed;
  const events: EventDraft[] = [];
  for (const wish of overdue) {
    const decision = wishToCancel(record, record.orderId, { ...wish, at: now });
    if (decision.kind !== 'requested') continue;
    ({ record } = decision);
    events.push(...decision.events);
  }
  return events.length > 0 ? { kind: 'requested', record, events } : { kind: 'nothing' };
};
