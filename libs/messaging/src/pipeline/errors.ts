/** What to do about an error that a unit of work met. */
export type Fault =
  /** It belongs to one of the messages: find out which, and set that one aside. */
  | 'message'
  /** Another process was faster: do the same again at once. */
  | 'conflict'
  /** The database, the broker or the network: wait, and do the same again, for ever. */
  | 'infrastructure';

/** The parts of Postgres' errors that are looked at. */
interface DatabaseError {
  readonly code?: string;
  readonly constraint?: string;
}

/** A statement of the unit of work failed; told apart from whatever a reaction may throw. */
export class DatabaseFault extends Error {
  override readonly name = 'DatabaseFault';
  readonly code: string | undefined;
  readonly constraint: string | undefined;

  constructor(override readonly cause: unknown) {
    super(reasonOf(cause));
    ({ code: this.code, constraint: this.constraint } = (cause ?? {}) as DatabaseError);
  }
}

/** Something else than the database failed in a unit of work, for example writing what a reaction returned as JSON. */
export class MessageFault extends Error {
  override readonly name = 'MessageFault';

  constructor(override readonly cause: unknown) {
    super(reasonOf(cause));
  }
}

/**
 * Sorts an error by its SQLSTATE. Classes 22 (data), 23 (integrity) and 54 (more than fits into one place, however long
 * one waits) belong to a message; 40 is a lost race; the rest (08, 53, 57, sockets, and whatever nobody thought of) is the
 * infrastructure's, which nothing becomes a dead letter for.
 * @param isPrimaryKey says whether a constraint is a state table's key, whose violation is a lost race
 */
export const classify = (error: unknown, isPrimaryKey: (constraint: string | undefined) => boolean): Fault => {
  if (error instanceof MessageFault) return 'message';
  const { code, constraint } = (error ?? {}) as DatabaseError;
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return 'infrastructure';
  if (code === '23505' && (isPrimaryKey(constraint) || constraint === 'inbox_pkey')) return 'conflict';
  if (/^(22|23|54)/.test(code)) return 'message';
  if (code.startsWith('40')) return 'conflict';
  return 'infrastructure';
};

/** Pause before try `tries` + 1: doubles from `first` up to `longest`, milliseconds. */
export const backoff = (tries: number, first: number, longest: number): number =>
  Math.min(longest, first * 2 ** Math.min(tries, 20));

/** An error's message, fit to be stored: no NUL, at most 1,000 characters. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .replaceAll('\u0000', '\uFFFD')
    .toWellFormed()
    .slice(0, 1_000);

/** Where an error was thrown, the innermost call first; of one that stands for another, where that was. */
export const framesOf = (error: unknown): readonly string[] => {
  if (!(error instanceof Error)) return [];
  if (error.cause instanceof Error) return framesOf(error.cause);
  return (error.stack ?? '').split('\n').flatMap((line) => /^ +at (.+)$/.exec(line)?.[1] ?? []);
};
