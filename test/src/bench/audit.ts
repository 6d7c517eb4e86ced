import { setTimeout as pause } from 'node:timers/promises';
import { Auditor, balances } from '@baton/run';

const LOOK_EVERY_MS = 200;

/** The books do not balance: an order was lost, doubled or given up. */
export class AuditFailed extends Error {
  override readonly name = 'AuditFailed';
}

/**
 * Waits until everything about these orders has settled, the last mail included, and checks the books of all services.
 * @throws AuditFailed when they have not settled in time, or do not balance
 */
export const audit = async (auditor: Auditor, orderIds: readonly string[], deadlineMs: number): Promise<void> => {
  const until = Date.now() + deadlineMs;
  let unsettled = await auditor.unsettled(orderIds);
  while (unsettled > 0 && Date.now() < until) {
    await pause(LOOK_EVERY_MS);
    unsettled = await auditor.unsettled(orderIds);
  }
  const books = await auditor.books(orderIds);
  if (unsettled > 0 || books.waiting > 0 || !balances(books, orderIds.length)) {
    throw new AuditFailed(
      `The books of ${orderIds.length} orders do not balance (${unsettled} unsettled): ${JSON.stringify(books)}`,
    );
  }
};
