import { identifier, OrderCancellationSubmitted, OrderSubmitted, timestamp } from '@baton/contracts';
import { defineCommand, type DueSource } from '@baton/messaging';
import { z } from 'zod';
import type { Wish } from './domain/order.js';
import { isOverdue } from './domain/wishes.js';

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

const wish = z.object({ id: z.string(), at: timestamp, reason: z.string().exactOptional() });

export const ExpireWishes = defineCommand({
  name: 'ExpireWishes',
  doc: 'Wishes to cancel have waited long enough for their order.',
  /**
   * With the wishes, for the record forgets them; whoever tries this again must know what was wished. Earlier releases
   * named none.
   */
  data: z.object({ orderId: identifier, wishes: z.array(wish).optional() }),
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
      `select order_id, wishes, wishes_expire_at::text as expire_at from orders
       where wishes_expire_at <= $1 and (wishes_expire_at, order_id) > ($3, $4)
       order by wishes_expire_at, order_id limit $2`,
      [now, limit, ...after],
    );
    return rows.map((row) => {
      const wishes = (row['wishes'] as readonly Wish[]).filter((one) => isOverdue(one, now));
      return {
        command: ExpireWishes,
        data: { orderId: row['order_id'], wishes },
        place: [row['expire_at'], row['order_id']],
      };
    });
  },
};
