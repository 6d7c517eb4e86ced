/** How `baton` ends; documented in docs/reference/cli.md and in `baton --help`. */
export const exitCodes = {
  ok: 0,
  /** A service refused what was asked, or failed at it; of several orders, at least one. */
  failed: 1,
  /** The command line or the input is wrong; nothing was sent. */
  usage: 2,
  /** Nobody answers at the address. */
  unreachable: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The command line or the input is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Nobody answers, and it is not HTTP that was tried. */
export class NotReachable extends Error {
  override readonly name = 'NotReachable';
}

/** All has been said already; only the exit code is left. */
export class Finished extends Error {
  override readonly name = 'Finished';
  constructor(readonly code: ExitCode) {
    super(`exit code ${code}`);
  }
}
