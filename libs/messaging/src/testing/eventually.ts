import { setTimeout as pause } from 'node:timers/promises';

const LOOK_AGAIN_MS = 10;

/**
 * Waits until `check` passes: returns something that is not false, or stops throwing.
 * @throws the last error, or one that says what was waited for, at the deadline
 */
export const eventually = async <T>(check: () => T | Promise<T>, deadlineMs = 15_000): Promise<T> => {
  const end = Date.now() + deadlineMs;
  for (;;) {
    let failure: unknown = new Error(`Not within ${deadlineMs} ms: ${check.toString()}`);
    try {
      const result = await check();
      if (result !== false) return result;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > end) throw failure;
    await pause(LOOK_AGAIN_MS);
  }
};
