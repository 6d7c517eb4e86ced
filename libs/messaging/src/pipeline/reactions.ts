import { isObservable, lastValueFrom } from 'rxjs';
import type { CommandDefinition } from '../api/commands.js';
import { defineCommand } from '../api/commands.js';
import type { Loaded, Needs } from '../api/needs.js';
import type { Outcome } from '../api/outcome.js';
import type { MessageDefinition, ReactionContext, ReactionPlan } from '../api/reactions.js';
import { z } from 'zod';

/** Calls a reaction; what it returns, a promise of that, or an observable whose last value counts. */
export type Handler = (message: unknown, context: ReactionContext) => unknown;

/** One reaction: what it needs, and how to call it. */
export interface Reaction {
  readonly first: (message: unknown) => Needs;
  readonly second: ((message: unknown, found: Loaded<Needs>) => Needs) | undefined;
  /** A promise only where the way to the reaction is asynchronous. */
  readonly call: (message: unknown, context: ReactionContext) => Outcome | Promise<Outcome>;
}

/** All reactions of one service by the name of what they react to. */
export class Reactions {
  private readonly byName = new Map<string, Reaction>();
  private readonly heard = new Set<string>();

  /** @throws Error when two methods react to the same message: then nobody could say which comes first. */
  register(plan: ReactionPlan, handler: Handler): void {
    const reaction: Reaction = {
      first: plan.first as Reaction['first'],
      second: plan.second as Reaction['second'],
      call: (message, context) => outcomeOf(handler(message, context)),
    };
    for (const definition of plan.definitions) {
      const name = definition.eventName;
      if (this.byName.has(name)) throw new Error(`Two methods react to ${name}; one service has one reaction to it.`);
      this.byName.set(name, reaction);
      if (isEvent(definition)) {
        this.heard.add(name);
        this.topicSet.add(definition.topic);
      }
    }
  }

  private readonly topicSet = new Set<string>();

  /** Topics that hold what this service reacts to. */
  get topics(): readonly string[] {
    return [...this.topicSet].sort();
  }

  of(name: string): Reaction | undefined {
    return this.byName.get(name);
  }

  /** @throws Error if nothing reacts to it */
  the(name: string): Reaction {
    const reaction = this.byName.get(name);
    if (!reaction) throw new Error(`Nothing reacts to ${name}.`);
    return reaction;
  }

  /** Names of the events that this service reacts to. */
  get heardEvents(): readonly string[] {
    return [...this.heard];
  }

  readonly isHeard = (eventName: string): boolean => this.heard.has(eventName);
}

const outcomeOf = (result: unknown): Outcome | Promise<Outcome> => {
  if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') {
    return Promise.resolve(result).then(outcomeOf);
  }
  return isObservable(result) ? lastValueFrom(result, { defaultValue: {} }).then(outcomeOf) : (result as Outcome);
};

const isEvent = (definition: MessageDefinition): definition is Exclude<MessageDefinition, { kind: string }> =>
  !('kind' in definition);

/**
 * Submitted to a service that reacts to it, in the same unit of work in which a message of a key begins to hold up the
 * later ones of its key.
 */
export const MessageParked = defineCommand({
  name: 'MessageParked',
  doc: 'A message failed, and later messages of its order wait behind it.',
  data: z.object({ key: z.string(), message: z.string(), origin: z.string(), reason: z.string() }),
  key: ({ key }) => key,
}) satisfies CommandDefinition;
