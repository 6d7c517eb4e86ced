import type { DueSource } from '@baton/messaging';
import { DeadlineDue, StillUnderWay } from './commands.js';
import { sagaNames } from './definitions/index.js';
import { CONTINUED_EVERY_MS } from './domain/continued.js';

/** How long a deadline may pass unseen; they are minutes and more. */
const POLL_MS = 1_000;

/** Before all sagas. */
const FIRST = ['-infinity', '', ''];

/**
 * Sagas whose due time has come. Every process finds them all, and handles those of its own orders. While partitions
 * change hands two may handle the same one: the saga's row is locked by whoever comes first, and nothing is due any
 * more for the second.
 */
export const dueSagas: DueSource = {
  name: 'due sagas',
  pollMs: POLL_MS,
  next: async (query, now, limit, after = FIRST) => {
    // As text, a time keeps its microseconds.
    const rows = await query(
      `select definition, order_id, due_at::text as due from saga
       where due_at is not null and due_at <= $1 and (due_at, definition, order_id) > ($3, $4, $5)
       order by due_at, definition, order_id limit $2`,
      [now, limit, ...after],
    );
    return rows.map(({ definition, order_id: orderId, due: dueAt }) => ({
      command: DeadlineDue,
      data: { definition, orderId },
      place: [dueAt, definition, orderId],
    }));
  },
};

/** Nobody waits for it, but a service that was off for long should hear of its orders before it lets anything go. */
const CONTINUED_POLL_MS = 5 * 60_000;

/** Sagas that have been under way for long, and of which that was not said lately. */
export const longSagas: DueSource = {
  name: 'long sagas',
  pollMs: CONTINUED_POLL_MS,
  next: async (query, now, limit, after = ['', '']) => {
    const rows = await query(
      // By status, which has not ended: they are few, and what ended within the hour is not looked at.
      `select definition, order_id from saga
       where definition = any($3) and status in ('running', 'waiting') and created_at <= $1
         and coalesce(continued_at, created_at) <= $1 and (definition, order_id) > ($4, $5)
       order by definition, order_id limit $2`,
      [new Date(Date.parse(now) - CONTINUED_EVERY_MS).toISOString(), limit, sagaNames, ...after],
    );
    return rows.map(({ definition, order_id: orderId }) => ({
      command: StillUnderWay,
      data: { definition, orderId },
      place: [definition, orderId],
    }));
  },
};
