import type { z } from 'zod';

/** A wish that came without a topic: over HTTP, by a webhook, from a due deadline. */
export interface Command<Data = unknown> {
  readonly id: string;
  readonly data: Data;
}

/** The declaration of one kind of command; `@On(PlaceOrder, …)` reacts to it. */
export interface CommandDefinition<Schema extends z.ZodType = z.ZodType> {
  readonly kind: 'command';
  readonly eventName: string;
  readonly doc: string;
  readonly schema: Schema;
  /** Messages with the same key wait behind a failed one; usually the order id. */
  readonly keyOf: (data: z.infer<Schema>) => string;
}

export type CommandOf<D> = D extends CommandDefinition<infer Schema> ? Command<z.infer<Schema>> : never;

/** Declares a command. */
export const defineCommand = <Schema extends z.ZodType>(options: {
  readonly name: string;
  readonly doc: string;
  readonly data: Schema;
  readonly key: (data: z.infer<Schema>) => string;
}): CommandDefinition<Schema> => ({
  kind: 'command',
  eventName: options.name,
  doc: options.doc,
  schema: options.data,
  keyOf: options.key,
});
