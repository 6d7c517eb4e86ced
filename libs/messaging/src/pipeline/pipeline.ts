import type { z } from 'zod';
import type { CommandDefinition } from '../api/commands.js';
import type { Reply } from '../api/outcome.js';

/** How a command is submitted. */
export interface SubmitOptions {
  /**
   * Tells a repetition: the same key with the same data gets the first reply again and changes nothing; with other
   * data it is refused (422 `idempotency-key-reused`). Without a key every submission counts.
   */
  readonly idempotencyKey?: string;
}

/** The one way in for what has no topic: HTTP requests that change something, webhooks, due deadlines. */
export abstract class Pipeline {
  /**
   * Puts a command into the next unit of work and waits for its commit.
   * @returns the reply of the reaction, `{ body: undefined }` when it gave none
   * @throws Refused when the data does not fit the command's schema (400), or the reaction refused it
   */
  abstract submit<Schema extends z.ZodType>(
    definition: CommandDefinition<Schema>,
    data: z.input<Schema>,
    options?: SubmitOptions,
  ): Promise<Reply>;
}

/** Something that is due. */
export interface DueCommand {
  readonly command: CommandDefinition;
  readonly data: unknown;
  /** Where it stands among what is due: the values that its source orders by. */
  readonly place: readonly unknown[];
}

/** Finds what has become due. A service that has deadlines gives one or more of these to its definition. */
export interface DueSource {
  readonly name: string;
  /** Pause between two looks, milliseconds. */
  readonly pollMs: number;
  /**
   * Commands for what is due at `now` (ISO 8601), at most `limit`, in the order of their places, none of them twice in
   * it. Of those each process handles the ones whose keys are its own to hear of; while partitions change hands two may
   * handle the same: the reaction checks under the row's lock whether it is still due.
   * @param after the place behind which to go on; absent: from the beginning
   */
  next(
    query: (sql: string, params: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>,
    now: string,
    limit: number,
    after?: readonly unknown[],
  ): Promise<readonly DueCommand[]>;
}
