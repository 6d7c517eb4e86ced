import { rung } from './clocks.js';
import type { Late, SagaDefinition } from './definition.js';
import { LATE, MESSAGES } from './incidents.js';
import { isBeingUndone } from './path.js';
import type { Incident, Saga, Unit, Wait } from './saga.js';
import { clock, hasCome } from './time.js';
import { isTelling, type Waiting, waitingsOf } from './waits.js';

/** `waiting` is for stock, or whatever a birth with reminders waits for. */
export const sagaStatuses = ['running', 'waiting', 'completed', 'cancelled'] as const;
export type SagaStatus = (typeof sagaStatuses)[number];

const waitsLong = (definition: SagaDefinition, unit: Unit): boolean =>
  unit.birth !== undefined &&
  definition.births[unit.birth]?.remind !== undefined &&
  unit.steps[definition.firstStep]?.done === undefined &&
  !isBeingUndone(unit) &&
  unit.ended === undefined;

/** Where a saga stands, in a word. */
export const statusOf = (definition: SagaDefinition, saga: Saga): SagaStatus => {
  if (saga.ended) return saga.ended.as;
  return saga.units.some((unit) => waitsLong(definition, unit)) ? 'waiting' : 'running';
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A waits for X, since …; or, of several things: X (since …) and for Y (since …). */
const listed = (waits: readonly (readonly [what: string, when: string])[]): string =>
  waits.length === 1
    ? waits.map(([what, when]) => `${what}, ${when}`).join('')
    : waits.map(([what, when]) => `${what} (${when})`).join(' and for ');

const afterFailure = (definition: SagaDefinition, waiting: Waiting, failure: string): string => {
  const leadsTo = definition.alternatives.find(
    ({ when }) => 'step' in when && when.step === waiting.step && when.failure === failure,
  )?.leadsTo;
  return leadsTo && 'cancel' in leadsTo ? 'it is given up and the order is cancelled' : 'something else is tried';
};

const consequence = (definition: SagaDefinition, waiting: Waiting, action: Late | undefined): string => {
  if (action === 'delay') return 'the customer is told of a delay';
  if (action === 'ask-again') return 'it is asked for again';
  if (action === 'incident') return `an incident is opened for ${waiting.owner}`;
  return action === undefined ? 'nothing more happens by itself' : afterFailure(definition, waiting, action.fails);
};

/** Lateness is said by the rest of the sentence. */
const becauseOf = (reason: string): string => (reason.startsWith(LATE) ? '' : ` (${reason.replace(/\.$/, '')})`);

const incidentText = ({ owner, due, reason }: Incident, now: string): string =>
  `an incident is with ${owner}, ${hasCome(due, now) ? 'overdue since' : 'due by'} ${clock(due)}${becauseOf(reason)}`;

/** `since …, until …; then …` for one thing that is waited for. */
const clockText = (
  definition: SagaDefinition,
  waiting: Waiting,
  wait: Wait,
  incident: Incident | undefined,
  now: string,
) => {
  const since = `since ${clock(wait.since)}`;
  const mark = incident ? `; ${incidentText(incident, now)}` : '';
  if (wait.due === undefined) return `${since}${mark || '; nothing more happens by itself'}`;
  const until = waiting.remind?.deadline ?? wait.due;
  const next = rung(definition, waiting, waiting.remind ? 0 : (wait.n ?? 0));
  return `${since}, until ${clock(until)}; then ${consequence(definition, waiting, next)}${mark}`;
};

const subject = ({ identity }: SagaDefinition, unit: Unit | undefined): string => {
  if (!unit) return 'the order';
  return isBeingUndone(unit) ? `${identity.unit} ${unit.n} is being undone and` : `${identity.unit} ${unit.n}`;
};

const endText = (saga: Saga): string => {
  const { at, as, detail } = saga.ended ?? { at: saga.since, as: 'completed' };
  return as === 'completed'
    ? `Completed on ${clock(at)}: every shipment has ended`
    : `Cancelled on ${clock(at)}: ${(detail ?? '').replace(/\.$/, '')}`;
};

/**
 * One plain sentence: what the order waits for, since when, until when, and what happens then.
 * @param now for incidents that are overdue
 */
export const explain = (definition: SagaDefinition, saga: Saga, now: string): string => {
  const incidentOf = ({ unit, step }: Waiting) =>
    saga.incidents?.find((each) => each.unit === unit && each.step === step);
  const text = (waiting: Waiting): readonly [string, string] => [
    waiting.waitsFor,
    clockText(definition, waiting, saga.waits[waiting.key] ?? { since: saga.since }, incidentOf(waiting), now),
  ];
  const all = waitingsOf(definition, saga);
  const work = all.filter(({ step }) => !isTelling(step));
  // Mail that is under way is nothing to wait for; mail that has an incident is.
  const tells = all.filter((waiting) => isTelling(waiting.step) && incidentOf(waiting));
  const byUnit = Map.groupBy(work, ({ unit }) => unit);
  const messages = saga.incidents?.find(({ step }) => step === MESSAGES);
  const parts = [
    ...[...byUnit].map(
      ([n, waitings]) =>
        `${subject(
          definition,
          saga.units.find((unit) => unit.n === n),
        )} waits for ${listed(waitings.map(text))}`,
    ),
    ...tells.map((waiting) => `the customer waits for ${listed([text(waiting)])}`),
    ...(messages ? [incidentText(messages, now)] : []),
  ];
  const whole = saga.ended ? [endText(saga), ...parts] : parts;
  return `${capital(whole.join('; '))}.`;
};
