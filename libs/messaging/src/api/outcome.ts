import type { EventDraft } from '@baton/contracts';
import type { EffectDraft } from './effects.js';
import type { State, Store } from './stores.js';

/** One row to write. */
export interface Change {
  readonly store: Store;
  readonly state: State;
  /** Set for a row that cannot exist before this unit of work: joins it with what was added under its key before. */
  join?(added: State, state: State): State;
}

/** The row to insert, or to put in the place of the one under the same key. */
export const save = <S extends State>(store: Store<S>, state: S): Change => ({
  store,
  state,
});

/**
 * A row that nobody can have written before this unit of work, so that it need not be looked for: its key holds
 * `moment.unit`. Added again under the same key, the two are joined.
 */
export const add = <S extends State>(store: Store<S>, state: S, join: (added: S, state: S) => S): Change => ({
  store,
  state,
  join: (before, after) => join(before as S, after as S),
});

/** Answer to whoever submitted a command. */
export interface Reply {
  /** HTTP status; 200 when absent. */
  readonly status?: number;
  /** Anything that JSON can say. */
  readonly body: unknown;
}

/** All that a reaction may cause. An empty outcome is fine: the message was heard and changes nothing. */
export interface Outcome {
  readonly save?: readonly Change[];
  /** Published after the commit, in this order. */
  readonly publish?: readonly EventDraft[];
  /** Saved in the same transaction, performed after it. */
  readonly effects?: readonly EffectDraft[];
  /**
   * Names of patient events (`Gathering.patient`) that somebody waits for now: of the message's key, they are handled at
   * once. Only a hint, which a restart forgets: then they wait as they are used to.
   */
  readonly awaits?: readonly string[];
  /** For commands. */
  readonly reply?: Reply;
  /** Puts the message aside with this reason, for an operator to see; everything else of the outcome still holds. */
  readonly deadLetter?: string;
}

/** Joins outcomes in order; the last reply and dead letter win. */
export const both = (...outcomes: readonly Outcome[]): Outcome => {
  const [first, ...others] = outcomes;
  if (first && others.length === 0) return first;
  const reply = outcomes.findLast((outcome) => outcome.reply)?.reply;
  const deadLetter = outcomes.findLast((outcome) => outcome.deadLetter)?.deadLetter;
  return {
    save: outcomes.flatMap((outcome) => outcome.save ?? []),
    publish: outcomes.flatMap((outcome) => outcome.publish ?? []),
    effects: outcomes.flatMap((outcome) => outcome.effects ?? []),
    awaits: outcomes.flatMap((outcome) => outcome.awaits ?? []),
    ...(reply && { reply }),
    ...(deadLetter !== undefined && { deadLetter }),
  };
};

/**
 * Thrown by a reaction (or at the edge) for a wish that is understood and refused, for good: a command answers with
 * problem+json, an event becomes a dead letter at once, without retries and without parking its order.
 */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    /** HTTP status, 4xx. */
    readonly status: number,
    /** Short name of the kind of problem, for machines, such as `stock-below-reserved`. */
    readonly code: string,
    /** What is wrong and what would be right, in a sentence. */
    detail: string,
    /** Further members of the problem, for example the reservations in the way. */
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
  }
}
