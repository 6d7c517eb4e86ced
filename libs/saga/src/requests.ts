import type { Alternative } from './definition.js';
import type { Known } from './events.js';
import { attemptOf, type SagaLine, type Unit, waitKey, withStep } from './saga.js';
import { later } from './time.js';
import { changed, changedUnit, say, type Visit } from './visit.js';

/** The number of an asking, as it stands in the event's id: the first has none, so that its id is derived alone. */
const asking = (n: number): string | undefined => (n === 0 ? undefined : `again-${n}`);

const unitOf = (visit: Visit, n: number): Unit => visit.saga.units.find((unit) => unit.n === n) ?? { n, steps: {} };

/** The lines that a unit carries: its own, or all. */
export const linesOf = (visit: Visit, unit: Unit): readonly SagaLine[] =>
  unit.lines ?? ((visit.saga.order?.['lines'] ?? []) as readonly SagaLine[]);

/** Says the request that gives birth to a unit; `again` counts repetitions, which say the same. */
export const askForBirth = (visit: Visit, n: number, again = 0): Visit => {
  const unit = unitOf(visit, n);
  const birth = visit.definition.births[unit.birth ?? ''];
  if (birth?.asks === undefined) return visit;
  const request: Known = {
    ...visit.saga.order,
    lines: linesOf(visit, unit),
    replaces: unit.replaces,
    placedAt: unit.since,
    deadline: unit.deadline,
  };
  return say(visit, birth.asks, n, request, asking(again));
};

/**
 * A unit is born: the first, or one that takes over the lines of another. What was heard of it before (after a restore,
 * say) stays with it.
 */
export const giveBirth = (visit: Visit, name: string, heirOf?: Unit, delay?: string): Visit => {
  const { definition, now, saga } = visit;
  const n = Math.max(0, ...saga.units.filter(({ birth }) => birth !== undefined).map((unit) => unit.n)) + 1;
  const birth = definition.births[name];
  const deadline = birth?.remind === undefined ? undefined : later(now, definition.policy[birth.within] ?? 0);
  const born = changedUnit(visit, n, (unit) => ({
    ...unit,
    birth: name,
    since: now,
    ...(deadline !== undefined && { deadline }),
    ...(heirOf && { replaces: heirOf.n }),
    ...(heirOf?.lines && { lines: heirOf.lines }),
  }));
  const inherited = heirOf ? changedUnit(born, heirOf.n, (unit) => ({ ...unit, heir: n })) : born;
  const asked = askForBirth(inherited, n);
  return delay === undefined ? asked : sayDelay(asked, n, definition.firstStep, delay, deadline);
};

/**
 * A unit that is known by hearsay only counts as born, without a request: that was made before the state was lost which
 * knew of it. It takes over from the unit that was born last, unless that one needs nobody to.
 */
export const adopt = (visit: Visit, { n }: Unit, name: string): Visit => {
  const last = visit.saga.units.findLast(({ birth }) => birth !== undefined);
  if (!last) return visit;
  const adopted = changedUnit(visit, n, (unit) => ({
    ...unit,
    birth: name,
    since: visit.now,
    replaces: last.n,
    ...(last.lines && { lines: last.lines }),
  }));
  return last.ended?.as === 'done' ? adopted : changedUnit(adopted, last.n, (unit) => ({ ...unit, heir: n }));
};

/** Tells that a unit takes longer than promised; once for each of its steps. */
export const sayDelay = (visit: Visit, n: number, step: string, reason: string, expectedAt?: string): Visit =>
  say(visit, visit.definition.says.delayed, n, { step, reason, expectedAt }, step);

/** Asks for a step again, or for another attempt of it. */
export const askForStep = (visit: Visit, n: number, step: string, again = 0): Visit => {
  const { asks } = visit.definition.step(step);
  if (asks === undefined) return visit;
  const state = unitOf(visit, n).steps[step];
  const choices = visit.definition.alternatives.flatMap(({ leadsTo }) =>
    'nextAttempt' in leadsTo && leadsTo.nextAttempt === step ? [[leadsTo.choose, state?.choice] as const] : [],
  );
  return say(visit, asks, n, { ...Object.fromEntries(choices), attempt: attemptOf(state) }, asking(again));
};

type NextAttempt = Extract<Alternative['leadsTo'], { readonly nextAttempt: string }>;

/** The next attempt of a step, with the first of the choices that are left; its clock starts anew. */
export const nextAttempt = (visit: Visit, unit: Unit, { nextAttempt: step, from }: NextAttempt): Visit => {
  const left = unit.kept?.[from];
  const choice = Array.isArray(left) ? left.map(String)[0] : undefined;
  if (choice === undefined) return visit;
  const started = changedUnit(visit, unit.n, (before) =>
    withStep(before, step, (state) => ({ attempt: attemptOf(state) + 1, choice })),
  );
  const { [waitKey(unit.n, step)]: _stopped, ...waits } = started.saga.waits;
  return askForStep(changed(started, { ...started.saga, waits }), unit.n, step);
};

/** Asks a participant to undo its step, with the reason that the undo began with. */
export const askForUndo = (visit: Visit, n: number, step: string, again = 0): Visit => {
  const { undo: compensation } = visit.definition.step(step);
  const { undo, kept } = unitOf(visit, n);
  if (!compensation || !undo) return visit;
  const lists = Object.fromEntries(visit.definition.remembers.growing.map((field) => [field, kept?.[field] ?? []]));
  const asked = changedUnit(visit, n, (unit) => ({ ...unit, undo: { ...undo, asked: step } }));
  return say(asked, compensation.asks, n, { ...lists, reason: undo.why }, asking(again));
};
