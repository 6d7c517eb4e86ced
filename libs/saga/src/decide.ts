import type { Alternative, SagaDefinition } from './definition.js';
import { conclude, endOf } from './ending.js';
import { allPassed, isBeingUndone, undoing } from './path.js';
import { adopt, askForUndo, giveBirth, nextAttempt } from './requests.js';
import type { Ended, Saga, Unit } from './saga.js';
import { changedUnit, say, type Visit } from './visit.js';
import { answerWishes } from './wishes.js';

/** Whether the facts call for this alternative. What began an undo goes on calling for it. */
const fits = ({ when, name, undo }: Alternative, saga: Saga, unit: Unit): boolean => {
  if (undo && unit.refused !== undefined) return false;
  if (unit.undo?.why === name) return true;
  if ('wished' in when) return (saga.wishes?.length ?? 0) > 0;
  return (
    unit.steps[when.step]?.failed === when.failure &&
    Object.entries(when.order ?? {}).every(([field, value]) => saga.order?.[field] === value)
  );
};

/** What the facts about a unit call for, most important first. */
const calledFor = ({ alternatives }: SagaDefinition, saga: Saga, unit: Unit): readonly Alternative[] =>
  alternatives.filter((alternative) => fits(alternative, saga, unit));

/** Whether a failure left nothing to undo, so that the unit has ended with it. */
const endedByFailure = (definition: SagaDefinition, unit: Unit): boolean =>
  unit.undo === undefined &&
  definition.steps.some(({ name, cannot = [] }) =>
    cannot.some(({ as, ends }) => ends === true && unit.steps[name]?.failed === as),
  );

const endedAs = (definition: SagaDefinition, unit: Unit): 'done' | 'undone' | 'failed' | undefined => {
  if (allPassed(definition, unit)) return 'done';
  if (isBeingUndone(unit) && undoing(definition, unit) === undefined) return 'undone';
  return endedByFailure(definition, unit) ? 'failed' : undefined;
};

/** What comes of a unit that has ended otherwise than well: another takes over its lines, or they are given up. */
const settleLines = (visit: Visit, unit: Unit): Visit => {
  if (unit.ended?.as === 'done' || unit.heir !== undefined || unit.givenUp !== undefined) return visit;
  const verdict = calledFor(visit.definition, visit.saga, unit).find(
    ({ leadsTo }) => 'open' in leadsTo || 'cancel' in leadsTo,
  );
  if (!verdict) return visit;
  if ('open' in verdict.leadsTo) return giveBirth(visit, verdict.leadsTo.open, unit, verdict.leadsTo.delay);
  return changedUnit(visit, unit.n, (before) => ({ ...before, givenUp: verdict.name }));
};

/** What a living unit needs: to be undone (further), or another attempt. Lateness is `waits.ts`'s to see. */
const actOn = (visit: Visit, unit: Unit): Visit => {
  if (isBeingUndone(unit)) {
    const next = undoing(visit.definition, unit);
    return next === undefined || unit.undo?.asked === next ? visit : askForUndo(visit, unit.n, next);
  }
  const [verdict] = calledFor(visit.definition, visit.saga, unit);
  if (!verdict) return visit;
  if (verdict.undo) return changedUnit(visit, unit.n, (before) => ({ ...before, undo: { why: verdict.name } }));
  return 'nextAttempt' in verdict.leadsTo ? nextAttempt(visit, unit, verdict.leadsTo) : visit;
};

const decideOn = (visit: Visit, unit: Unit): Visit => {
  if (unit.birth === undefined) return visit;
  if (unit.ended) return settleLines(visit, unit);
  const as = endedAs(visit.definition, unit);
  if (as) return changedUnit(visit, unit.n, (before) => ({ ...before, ended: { at: visit.now, as } }));
  return actOn(visit, unit);
};

const begin = (visit: Visit): Visit => {
  const { definition, saga } = visit;
  if (saga.units.some(({ birth }) => birth !== undefined)) return visit;
  const started = say(visit, definition.begins.says, 0, { definition: saga.definition, version: saga.version });
  return giveBirth(started, definition.begins.birth);
};

/** A unit that is known by hearsay only and has not been undone: something of it may be held, or on its way. */
const forgotten = ({ definition, saga }: Visit): Unit | undefined =>
  saga.units.find((unit) => unit.birth === undefined && undoing(definition, unit) !== undefined);

/** Ends the saga, unless a unit was forgotten: then that goes on first. */
const finish = (visit: Visit, end: Ended): Visit => {
  const { adopts } = visit.definition;
  const unit = adopts === undefined ? undefined : forgotten(visit);
  return adopts !== undefined && unit ? adopt(visit, unit, adopts) : conclude(visit, end);
};

const pass = (visit: Visit): Visit => {
  const units = visit.saga.units.reduce((each, { n }) => {
    const unit = each.saga.units.find((candidate) => candidate.n === n);
    return unit ? decideOn(each, unit) : each;
  }, visit);
  const end = endOf(units);
  return answerWishes(end ? finish(units, end) : units);
};

/**
 * All that follows from the facts, whichever came last: passes over the units until nothing changes any more. Before
 * the saga has begun nothing is decided; after its end wishes are answered.
 */
export const decide = (visit: Visit): Visit => {
  if (visit.saga.begun === undefined) return visit;
  if (visit.saga.ended) return answerWishes(visit);
  let current = begin(visit);
  for (;;) {
    const next = pass(current);
    if (next.saga === current.saga) return next;
    current = next;
    if (current.saga.ended) return answerWishes(current);
  }
};
