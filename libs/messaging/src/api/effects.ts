/** How an effect is tried; times in milliseconds. */
export interface EffectOptions {
  /** How long one try may take before it is aborted and counts as unanswered. */
  readonly timeoutMs: number;
  /** Pause after the first failed try. */
  readonly initialBackoffMs: number;
  /** Longest pause; pauses double up to it. */
  readonly maxBackoffMs: number;
  /** How many calls of this kind one process has open at once. */
  readonly concurrency: number;
}

const defaults: EffectOptions = { timeoutMs: 10_000, initialBackoffMs: 200, maxBackoffMs: 30_000, concurrency: 32 };

/**
 * What the performer of an effect would read, from the reaction that had it at hand: kept in the memory of the process
 * that asked, until the first try. It may be personal data, so that no JSON, log or inspection shows it.
 */
export class AtHand<Reading = unknown> {
  // Private at run time too: whatever writes out an effect, or all of an outcome, finds nothing here.
  #reading: Reading | undefined;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** Undefined once it was dropped. */
  get reading(): Reading | undefined {
    return this.#reading;
  }

  drop(): void {
    this.#reading = undefined;
  }
}

/** An effect that a reaction asks for. */
export interface EffectDraft<Payload = unknown> {
  readonly effect: string;
  /** Idempotency key: the world must take two calls under one key for one. Unique within the service. */
  readonly key: string;
  readonly payload: Payload;
  /** Never saved. */
  readonly atHand: AtHand | undefined;
}

/** What comes back when an effect has an answer, as a message to a reaction. */
export interface EffectResult<Payload = unknown, Result = unknown> {
  readonly key: string;
  readonly payload: Payload;
  readonly result: Result;
  /** How many tries it took. */
  readonly tries: number;
}

/** Pattern of the message that carries an effect's result to its reaction: `@On(BookShipment.result, …)`. */
export interface EffectResultDefinition<Payload, Result> {
  readonly kind: 'effect-result';
  readonly eventName: string;
  /** Never set: carries the type. */
  readonly message?: EffectResult<Payload, Result>;
}

/** The declaration of one kind of effect. Calling it makes a draft for an outcome. */
export interface EffectDefinition<Payload, Result, Reading = never> {
  /**
   * @param atHand what the performer would read, if the reaction has it: as it saves or has loaded it, and only what
   * never changes from then on, since a later try reads again
   */
  (payload: Payload, key: string, atHand?: Reading): EffectDraft<Payload>;
  readonly effectName: string;
  readonly options: EffectOptions;
  readonly result: EffectResultDefinition<Payload, Result>;
}

/**
 * Declares a call to the outside world. The one method decorated with `@Performs(definition)` makes the call: it
 * returns a result that JSON can say (the final answer, good or bad), or throws when it does not know the answer; then the
 * same call is made again under the same key, with backoff, until there is one.
 */
export const defineEffect = <Payload, Result, Reading = never>(
  name: string,
  options: Partial<EffectOptions> = {},
): EffectDefinition<Payload, Result, Reading> => {
  const result: EffectResultDefinition<Payload, Result> = { kind: 'effect-result', eventName: `${name}.result` };
  const make = (payload: Payload, key: string, atHand?: Reading): EffectDraft<Payload> => ({
    effect: name,
    key,
    payload,
    atHand: atHand === undefined ? undefined : new AtHand(atHand),
  });
  return Object.assign(make, { effectName: name, options: { ...defaults, ...options }, result });
};

/** What the performer of an effect gets. */
export interface EffectCall<Payload, Reading = never> {
  readonly payload: Payload;
  /**
   * What else the call needs, where this process still has it; to be read otherwise: after a crash, at a later try, by
   * another process, or when too many effects wait.
   */
  readonly atHand?: Reading | undefined;
  /** Send it along as the idempotency key. */
  readonly key: string;
  /** From 1; greater when earlier tries had no answer. */
  readonly attempt: number;
  /** Aborts at the timeout and when the service stops. */
  readonly signal: AbortSignal;
}
