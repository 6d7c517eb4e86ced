import type { AtHand } from '../api/effects.js';
import type { Headers } from '../transport/port.js';

/** Names one effect of a service. */
export interface EffectName {
  readonly kind: string;
  readonly key: string;
}

/** An effect that a unit of work asks for. */
export interface NewEffect extends EffectName {
  readonly payload: unknown;
  readonly trace: Headers;
  /** Never saved: there only for effects that this process has asked for itself. */
  readonly atHand?: AtHand | undefined;
}

/** One effect among those of its unit of work, the first being 0. */
export interface BatchPlace {
  /** Id of the unit of work. */
  readonly batch: string;
  readonly index: number;
}

/** Where an effect is kept until it has an answer: in the batch of its unit of work, or in a row of its own. */
export type Place = BatchPlace | EffectName;

/** An effect that is saved and has no answer yet. */
export interface SavedEffect extends NewEffect {
  /** Tries that had no answer. */
  readonly tries: number;
  /**
   * One, as a rule. More when it was asked for again before it had an answer, or when others took this process for dead
   * and it claimed its own effect from them: still one call, whose answer takes all of them.
   */
  readonly places: Place[];
}

export const effectText = ({ kind, key }: EffectName): string => `${kind}/${key}`;

export const placeText = (place: Place): string =>
  'batch' in place ? `${place.batch}#${place.index}` : effectText(place);

/** What an effect is about: the order that its payload names, else its own key. */
export const subjectOf = ({ payload, key }: Pick<NewEffect, 'payload' | 'key'>): string => {
  const orderId = (payload as { readonly orderId?: unknown } | null)?.orderId;
  return typeof orderId === 'string' ? orderId : key;
};

/** An escape for NUL or a lone surrogate, as JSON is written: not one whose backslash is itself escaped. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/**
 * Refuses an effect with text that Postgres cannot hold, while it is known whose it is: inside its batch nobody would
 * notice, until one day the batch cannot be taken apart.
 * @throws Error
 */
export const checkStorable = ({ kind, key, payload }: Omit<NewEffect, 'trace'>): void => {
  if (!UNSTORABLE.test(JSON.stringify([key, payload]))) return;
  throw new Error(`The effect ${kind} holds NUL or a lone surrogate, which no database can.`);
};
