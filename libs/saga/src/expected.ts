import type { SagaDefinition } from './definition.js';
import { type Saga, stepOfKey } from './saga.js';
import { isTelling } from './waits.js';

/**
 * Whether an event is one step of many on the way on which all goes well: the saga notes it, and says and decides
 * nothing. A failure, an undo, a wish and what `lastEvents` names are not expected in this sense.
 */
export const isExpected = (definition: SagaDefinition, event: string): boolean => {
  const role = definition.roles.get(event);
  switch (role?.kind) {
    case 'beginning':
    case 'begun':
    case 'told':
      return true;
    case 'done':
      return !definition.lastSteps.includes(role.step);
    default:
      return false;
  }
};

/** What is said when the steps are done that none comes after: where all goes well, a saga ends once it has heard all. */
export const lastEvents = (definition: SagaDefinition): readonly string[] =>
  definition.lastSteps.map((name) => definition.step(name).done);

/** The event by which a saga ends if it comes next: that of the only step which it still waits for, mails aside. */
export const awaitedLast = (definition: SagaDefinition, { waits, ended }: Saga): string | undefined => {
  if (ended) return undefined;
  let last: string | undefined;
  for (const key in waits) {
    const step = stepOfKey(key);
    if (isTelling(step)) continue;
    if (last !== undefined) return undefined;
    last = step;
  }
  return last !== undefined && definition.lastSteps.includes(last) ? definition.step(last).done : undefined;
};
