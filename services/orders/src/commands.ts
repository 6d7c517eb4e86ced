import { identifier, OrderCancellationSubmitted, OrderSubmitted } from '@baton/contracts';
import { defineCommand, type DueSource } from '@baton/messaging';
import { z } from 'zod';

export const PlaceOrder = defineCommand({
  name: 'PlaceOrder',
  doc: 'Somebody hands an order over by HTTP.',
  data: OrderSubmitted.schema,
  key: ({ orderId }) => orderId,
});

export const CancelOrder = defineCommand({
  name: 'CancelOrder',
  doc: 'Somebody asks by HTTP to cancel an accepted order.',
  data: OrderCancellationSubmitted.schema,
  key: ({ orderId }) => orderId,
});

export const ExpireWishes = defineCommand({
  name: 'ExpireWishes',
  doc: 'Wishes to cancel have waited long enough for their order.',
  data: z.object({ orderId: identifier }),
  key: ({ orderId }) => orderId,
});

/** Before all wishes. */
const FIRST = ['-infinity', ''];

/** Finds wishes whose order never came. They wait for days, so a minute more is soon enough. */
export const wishesDue: DueSource = {
  name: 'wishes-without-order',
  pollMs: 60_000,
  async next(query, now, limit, after = FIRST) {
    // As text, a time keeps its microseconds.
    const rows = await query(
      `select order_id, wishes_expire_at::text as expire_at from orders
       where wishes_expire_at <= $1 and (wishes_expire_at, order_id) > ($3, $4)
       order by wishes_expire_at, order_id limit $2`,
      [now, limit, ...after],
    );
    return rows.map(({ order_id: orderId, expire_at: expireAt }) => ({
      command: ExpireWishes,
      data: { orderId },
      place: [expireAt, orderId],
    }));
  },
};
