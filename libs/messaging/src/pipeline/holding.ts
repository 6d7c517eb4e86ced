import { backoff, framesOf, reasonOf } from './errors.js';
import type { HeldAgain, NewHeld } from './held-messages.js';
import { type HeldContent, type HeldInput, type Input, messageOf } from './inputs.js';
import type { PipelineLog } from './log.js';
import { partitionName } from '../transport/delivery/partition-name.js';

/** How often a failing message is tried before it is dead, and the pauses between, milliseconds. */
export interface RetryPolicy {
  readonly tries: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/** Puts a message aside for good that is wrong in itself, without holding up its key. */
export const buried = (input: Input, reason: string): NewHeld => ({
  ...describe(input),
  state: 'dead',
  parks: false,
  reason: reasonOf(reason),
  tries: 1,
});

/** Lets a message wait behind a failed one of its key. */
export const waitingBehind = (input: Input, key: string): NewHeld => ({
  ...describe(input),
  ...waiting(key),
  parks: true,
  tries: 0,
});

/** The same for one that failed itself, before the other one did or was tried again. */
export const parkedAgain = ({ heldId, tries }: HeldInput, key: string): HeldAgain => ({
  id: heldId,
  ...waiting(key),
  tries,
});

const waiting = (key: string) => ({ state: 'parked' as const, reason: `Waits behind a failed message of ${key}.` });

/** What becomes of a message whose reaction threw: it is tried again after a pause, or is dead after the last try. */
export const failed = (input: Input, error: unknown, policy: RetryPolicy) => {
  const tries = (input.kind === 'held' ? input.tries : 0) + 1;
  const state = tries >= policy.tries ? ('dead' as const) : ('retrying' as const);
  const retryInMs = backoff(tries - 1, policy.firstPauseMs, policy.longestPauseMs);
  return { state, tries, retryInMs, reason: reasonOf(error) };
};
export type Failed = ReturnType<typeof failed>;

export const heldAnew = (input: Input, failure: Failed): NewHeld => ({ ...describe(input), ...failure, parks: true });
export const heldAgain = (input: HeldInput, failure: Failed): HeldAgain => ({ id: input.heldId, ...failure });

/** Says that a reaction threw, and where: at the first try, and when it is given up. */
export const tellFailure = (log: PipelineLog, input: Input, { state, tries, reason }: Failed, error: unknown): void => {
  const { name, key, origin } = describe(input);
  const details = { name, key, origin, tries, reason, at: framesOf(error) };
  if (state === 'dead') log.error('A message failed for the last time and is a dead letter', details);
  else if (tries === 1) log.warn('A message failed and is tried again', details);
};

/** Says that a key waits and that the reaction to that failed as well: no incident tells of it. */
export const tellUntold = (log: PipelineLog, input: Input, error: unknown): void => {
  const { name, key, origin } = describe(input);
  const details = { name, key, origin, reason: reasonOf(error), at: framesOf(error) };
  log.error('Nobody could be told that a message failed and its key waits', details);
};

/** What is kept and shown of a message that is put aside. */
export const describe = (input: Input): Pick<NewHeld, 'key' | 'name' | 'origin' | 'content'> => {
  const message = messageOf(input);
  const content = contentOf(input);
  const record = content.kind === 'record' ? content.record : undefined;
  return {
    key: storable(message?.key ?? record?.key ?? ''),
    name: storable(message?.name ?? record?.headers.ce_type ?? 'unknown'),
    origin: record ? `${partitionName(record)}/${record.offset}` : `${input.kind} ${message?.id ?? ''}`,
    content,
  };
};

const contentOf = (input: Input): HeldContent => {
  switch (input.kind) {
    case 'record':
      return { kind: 'record', record: input.record };
    case 'held':
      return input.content;
    default:
      return { kind: 'message', message: input.message };
  }
};

const storable = (text: string): string => text.replaceAll('\u0000', '\uFFFD').toWellFormed().slice(0, 200);
