import type { EventDraft } from '@baton/contracts';
import { dueAtOf, fireDeadlines, syncClocks } from './clocks.js';
import { decide } from './decide.js';
import type { SagaDefinition } from './definition.js';
import { fold, type Heard } from './facts.js';
import { closeIncidents, MESSAGES, openIncident } from './incidents.js';
import type { Fact, Saga } from './saga.js';
import { type Skip, skip } from './skip.js';
import type { Visit } from './visit.js';

/** Whatever can happen to a saga. */
export type Message =
  | { readonly kind: 'event'; readonly event: Heard }
  /** Something is due. Whether it still is, the saga knows. */
  | { readonly kind: 'due' }
  /** A message of this saga could not be handled, and waits for a retry or a person. */
  | { readonly kind: 'parked'; readonly saga: string; readonly reason: string; readonly topic: string }
  | ({ readonly kind: 'skip' } & Skip);

/** When a message is handled, and whether an earlier one of the same saga still waits behind a failure. */
export interface At {
  /** ISO 8601 UTC. */
  readonly now: string;
  readonly parked?: boolean;
}

/** What came of a visit. */
export interface Reaction {
  /** Undefined while there is none; the very same object when nothing changed. */
  readonly saga: Saga | undefined;
  readonly publish: readonly EventDraft[];
  readonly facts: readonly Fact[];
  /** The next deadline; undefined when there is none. */
  readonly dueAt: string | undefined;
}

const born = (definition: SagaDefinition, id: string, now: string): Saga => ({
  id,
  definition: definition.name,
  version: definition.version,
  since: now,
  units: [],
  waits: {},
});

/** The saga that a message gives birth to: any event that has a role does, and so does a message that failed. */
const birthBy = (definition: SagaDefinition, message: Message, now: string): Saga | undefined => {
  if (message.kind === 'parked') return born(definition, message.saga, now);
  if (message.kind !== 'event' || !definition.roles.has(message.event.name)) return undefined;
  return born(definition, String(message.event.data[definition.identity.saga]), now);
};

const happen = (visit: Visit, message: Message, { parked = false }: At): Visit => {
  switch (message.kind) {
    case 'event':
      return fold(visit, message.event);
    case 'due':
      return fireDeadlines(visit, parked);
    case 'skip':
      return skip(visit, message);
    case 'parked':
      return openIncident(
        visit,
        0,
        MESSAGES,
        visit.definition.begins.owner,
        `A message from ${message.topic} could not be handled: ${message.reason}`.slice(0, 1_000),
      );
  }
};

/** Whatever happens while nothing is parked shows that what could not be handled has been, or was given up. */
const unparked = (visit: Visit, message: Message, { parked = false }: At): Visit =>
  message.kind !== 'parked' && !parked
    ? closeIncidents(
        visit,
        ({ step }) => step === MESSAGES,
        'No message of this order waits behind a failure any more.',
      )
    : visit;

/**
 * The whole engine: what becomes of a saga, and what is said, when something happens at a moment. The message's facts
 * are added, then everything is decided anew from all facts, then the clocks are set. The same message again changes
 * nothing.
 * @param saga undefined when none is known; any event that the definition gives a role to gives birth to one
 */
export const react = (definition: SagaDefinition, saga: Saga | undefined, message: Message, at: At): Reaction => {
  const nothing = (): Reaction => ({ saga, publish: [], facts: [], dueAt: saga && dueAtOf(saga) });
  const before = saga ?? birthBy(definition, message, at.now);
  if (!before) return nothing();
  const visit: Visit = { definition, now: at.now, saga: before, publish: [], facts: [] };
  const heard = unparked(happen(visit, message, at), message, at);
  if (heard.saga === saga) return nothing();
  const after = syncClocks(decide(heard));
  return { saga: after.saga, publish: after.publish, facts: after.facts, dueAt: dueAtOf(after.saga) };
};
