import type { EventDraft } from '@baton/contracts';
import type { SagaDefinition } from './definition.js';
import { draft, type Known } from './events.js';
import { type Fact, type Saga, type Unit, withUnit } from './saga.js';

/** One visit to a saga, as it goes on: what it became, and what came of it. Never changed, only replaced. */
export interface Visit {
  readonly definition: SagaDefinition;
  readonly now: string;
  readonly saga: Saga;
  readonly publish: readonly EventDraft[];
  readonly facts: readonly Fact[];
}

export const changed = (visit: Visit, saga: Saga): Visit => (saga === visit.saga ? visit : { ...visit, saga });

export const changedUnit = (visit: Visit, n: number, change: (unit: Unit) => Unit): Visit =>
  changed(visit, withUnit(visit.saga, n, change));

export const noted = (visit: Visit, fact: Fact): Visit => ({ ...visit, facts: [...visit.facts, fact] });

/** The key of a message to somebody: the unit that it is about (0 is the whole), and why. */
export const tellKey = (unit: number, reason: string): string => `${unit}/${reason}`;

/** Somebody is to be told because of this event, unless that is known already. */
export const tellOf = (visit: Visit, event: string, unit: number): Visit => {
  const reason = visit.definition.tells.on[event];
  if (reason === undefined) return visit;
  const key = tellKey(unit, reason);
  if (visit.saga.tells?.[key] !== undefined) return visit;
  return changed(visit, { ...visit.saga, tells: { ...visit.saga.tells, [key]: 'due' } });
};

/** What the saga knows of itself and of one of its units (0 is the whole), by the fields of events. */
export const known = ({ definition: { identity }, saga }: Visit, unit: number, more: Known = {}): Known => ({
  [identity.saga]: saga.id,
  [identity.unit]: unit,
  ...more,
});

/** Says an event about one unit (0 is the whole); see `draft` for how its data is filled. */
export const say = (
  visit: Visit,
  event: string,
  unit: number,
  more: Known = {},
  discriminator?: string | number,
): Visit => {
  const fact: Fact = {
    at: visit.now,
    fact: event,
    ...(unit > 0 && { unit }),
    ...(typeof more['step'] === 'string' && { step: more['step'] }),
    ...(typeof more['attempt'] === 'number' && { attempt: more['attempt'] }),
    ...(typeof more['reason'] === 'string' && { note: more['reason'] }),
  };
  const publish = [...visit.publish, draft(event, known(visit, unit, more), discriminator)];
  return tellOf({ ...noted(visit, fact), publish }, event, unit);
};
