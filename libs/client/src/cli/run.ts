import { CommanderError } from 'commander';
import { BatonError, BatonUnreachable } from '../client/errors.js';
import { type ExitCode, exitCodes, Finished, NotReachable, UsageError } from './exit-codes.js';
import { type Io, printable, say } from './io.js';
import { createProgram } from './program.js';

/**
 * Runs `baton` with these arguments.
 * @param args without the program's own name
 * @returns the exit code; never throws, and says every failure in one line on stderr
 */
export const run = async (args: readonly string[], io: Io): Promise<ExitCode> => {
  try {
    await createProgram(io).parseAsync(args, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    // Commander and the command have said it already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (error instanceof Finished) return error.code;
    say(io.stderr, `baton: ${printable(error instanceof Error ? error.message : String(error))}`);
    return exitCodeOf(error);
  }
};

const exitCodeOf = (error: unknown): ExitCode => {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof BatonUnreachable || error instanceof NotReachable) return exitCodes.unreachable;
  if (error instanceof BatonError && error.isAway) return exitCodes.unreachable;
  return exitCodes.failed;
};
