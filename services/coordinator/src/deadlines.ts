import type { DueSource } from '@baton/messaging';
import { DeadlineDue } from './commands.js';

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
