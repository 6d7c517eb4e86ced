import type { Run } from '../state/rows.js';

/**
 * Runs `work` in a transaction of its own. If it throws, the connection must not be used again, as `withClient` sees to:
 * Postgres rolls back when it is closed.
 */
export const inTransaction = async <T>(run: Run, work: () => Promise<T>): Promise<T> => {
  const [, result] = await Promise.all([run('begin', [], 'begin'), work()]);
  await run('commit', [], 'commit');
  return result;
};
