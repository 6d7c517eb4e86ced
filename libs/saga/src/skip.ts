import type { SagaDefinition } from './definition.js';
import { MESSAGES } from './incidents.js';
import { isNamed, underWay, wentOut } from './path.js';
import { hasEnded, type Saga, waitKey, withStep } from './saga.js';
import { changed, changedUnit, noted, tellKey, type Visit } from './visit.js';
import { isTelling, reasonTold, waitingsOf } from './waits.js';

/** An operator goes on without waiting for a step. */
export interface Skip {
  readonly unit: number;
  readonly step: string;
  /** Who, and why; stands in the timeline. */
  readonly note: string;
}

/** Why a step cannot be skipped; undefined when it can. What another participant needs an answer of never can. */
export const whyNotSkip = (definition: SagaDefinition, saga: Saga, { unit, step }: Skip): string | undefined => {
  if (unit === 0 && step === MESSAGES && saga.incidents?.some((each) => each.step === MESSAGES)) return undefined;
  if (!waitingsOf(definition, saga).some(({ key }) => key === waitKey(unit, step))) {
    return `Nothing waits for "${step}" of ${definition.identity.unit} ${unit}.`;
  }
  if (isTelling(step)) return undefined;
  const skippable = definition.steps.some((each) => each.name === step && each.skippable);
  if (!skippable) return `"${step}" cannot be skipped: another participant needs its answer.`;
  const wentOutUnnamed = saga.units.some(
    (each) => each.n === unit && wentOut(definition, each) && !isNamed(definition, each),
  );
  if (!wentOutUnnamed) return undefined;
  const names = definition.wish.names.join(' and ');
  return `"${step}" cannot be skipped before ${names} of ${definition.identity.unit} ${unit} are heard: a refusal to cancel names them.`;
};

/** Counts a step as done, or somebody as told. A failure that was heard before still tells what became of it. */
export const skip = (visit: Visit, request: Skip): Visit => {
  const { definition, saga, now } = visit;
  if (whyNotSkip(definition, saga, request) !== undefined) return visit;
  const { unit, step, note } = request;
  const fact = { at: now, fact: 'StepSkipped', step, note, ...(unit > 0 && { unit }) };
  // `react` closes the incident; while something is parked it does not, and nothing is skipped.
  if (step === MESSAGES) return noted(visit, fact);
  if (isTelling(step)) {
    const key = tellKey(unit, reasonTold(step));
    return noted(changed(visit, { ...saga, tells: { ...saga.tells, [key]: 'told' } }), fact);
  }
  if (hasEnded(saga)) return visit;
  return noted(
    changedUnit(visit, unit, (before) =>
      underWay(definition, before).some(({ name }) => name === step)
        ? withStep(before, step, (state) => ({ ...state, done: now }))
        : before,
    ),
    fact,
  );
};
