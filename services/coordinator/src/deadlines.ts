import type { DueSource } from '@baton/messaging';
import { DeadlineDue } from './commands.js';

/** How long a deadline may pass unseen; they are minutes and more. */
const POLL_MS = 1_000;

/**
 * Sagas whose due time has come. Several processes may find the same one: the saga's row is locked by whoever handles
 * it first, and nothing is due any more for the second.
 */
export const dueSagas: DueSource = {
  name: 'due sagas',
  pollMs: POLL_MS,
  next: async (query, now, limit) => {
    const rows = await query(
      'select definition, order_id from saga where due_at is not null and due_at <= $1 order by due_at limit $2',
      [now, limit],
    );
    return rows.map(({ definition, order_id: orderId }) => ({ command: DeadlineDue, data: { definition, orderId } }));
  },
};
