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

/** Finds what has become due. A service that has deadlines gives one or more of these to its definition. */
export interface DueSource {
  readonly name: string;
  /** Pause between two looks, milliseconds. */
  readonly pollMs: number;
  /**
   * Commands for what is due at `now` (ISO 8601), at most `limit`. May name the same twice, also from several
   * processes: the reaction checks under the row's lock whether it is still due.
   */
  next(
    query: (sql: string, params: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>,
    now: string,
    limit: number,
  ): Promise<readonly { readonly command: CommandDefinition; readonly data: unknown }[]>;
}
