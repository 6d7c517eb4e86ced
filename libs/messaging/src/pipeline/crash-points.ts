/** Where a unit of work, or an effect that it asked for, can be cut off by the death of its process. */
const crashPoints = [
  /** The reactions have run; nothing is committed. */
  'before-commit',
  /** Committed; nothing is published, no effect performed, no command answered. */
  'after-commit',
  /** Published; the outbox row stands, and no offset is committed to the transport. */
  'after-publish',
  /** The world has done what an effect asked for; its result is not taken in. */
  'after-effect',
] as const;
export type CrashPoint = (typeof crashPoints)[number];

/** `after-commit:3` is the third time that this point is reached; without a number, the first. */
const WANTED = /^([a-z-]+)(?::([1-9]\d{0,5}))?$/;

/** @throws Error when the text names no crash point: a test that kills nobody must not pass. */
export const crashAt = (text: string, crash: () => void): ((point: CrashPoint) => void) => {
  const [, wanted = '', count = '1'] = WANTED.exec(text) ?? [];
  if (!(crashPoints as readonly string[]).includes(wanted)) {
    throw new Error(
      `BATON_CRASH_AT is ${text}; it takes one of ${crashPoints.join(', ')}, with a count like :3 if not the first.`,
    );
  }
  let left = Number(count);
  return (point) => {
    if (point === wanted && --left === 0) crash();
  };
};

const wanted = process.env['BATON_CRASH_AT'];

/**
 * An aid for tests of this project and of yours: with BATON_CRASH_AT in its environment (`before-commit`,
 * `after-commit:3`, …) the process kills itself, as by kill -9, when it reaches that point for the nth time. Unset, as
 * it is anywhere else, it does nothing.
 */
export const crashPoint: (point: CrashPoint) => void =
  wanted === undefined || wanted === '' ? () => undefined : crashAt(wanted, () => process.kill(process.pid, 'SIGKILL'));
