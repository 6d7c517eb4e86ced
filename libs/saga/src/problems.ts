import { definitionOf } from '@baton/contracts';
import type { Birth, Late, SagaPlan, Step } from './definition.js';
import { fieldsOf } from './events.js';

/** Steps that come before one, directly or not. A cycle does not hang it. */
const ancestorsOf = (steps: readonly Step[], name: string): ReadonlySet<string> => {
  const found = new Set<string>();
  const visit = (step: string): void => {
    for (const before of steps.find((each) => each.name === step)?.after ?? []) {
      if (found.has(before)) continue;
      found.add(before);
      visit(before);
    }
  };
  visit(name);
  return found;
};

const repeated = (names: readonly string[]): readonly string[] => [
  ...new Set(names.filter((name, index) => names.indexOf(name) !== index)),
];

function* pathProblems({ steps }: SagaPlan): Generator<string> {
  const names = new Set(steps.map(({ name }) => name));
  for (const name of repeated(steps.map((step) => step.name))) {
    yield `two steps are named "${name}": every step needs a name of its own.`;
  }
  for (const step of steps) {
    for (const before of step.after ?? []) {
      if (!names.has(before)) yield `step "${step.name}" comes after "${before}", which is no step: correct the name.`;
    }
    if (ancestorsOf(steps, step.name).has(step.name)) {
      yield `step "${step.name}" comes after itself (a cycle): take one of ${[...ancestorsOf(steps, step.name)]
        .map((name) => `"${name}"`)
        .join(', ')} out of an \`after\`.`;
    }
  }
  const first = steps.filter((step) => !step.after?.length);
  if (first.length !== 1) {
    yield `${first.length} steps have no \`after\`; a unit begins with exactly one step: give the others an \`after\`.`;
  }
  const pivots = steps.filter((step) => step.pivot);
  if (pivots.length > 1) {
    yield `${pivots.map(({ name }) => `"${name}"`).join(' and ')} are both the pivot: only one step can decide.`;
  }
}

function* compensationProblems({ steps, undo }: SagaPlan): Generator<string> {
  const pivot = steps.find((step) => step.pivot);
  const before = pivot ? ancestorsOf(steps, pivot.name) : new Set(steps.map(({ name }) => name));
  for (const step of steps) {
    const undone = step.undo !== undefined;
    if (before.has(step.name) && !undone) {
      yield `step "${step.name}" comes before the pivot and has no compensation: give it an \`undo\`, or put it after "${
        pivot?.name ?? 'a pivot'
      }".`;
    }
    if (!before.has(step.name) && undone) {
      yield `step "${step.name}" does not come before the pivot, from where there is only a way forward: drop its \`undo\`.`;
    }
    if (undone && !undo.includes(step.name))
      yield `step "${step.name}" is missing from \`undo\`, the order of undoing.`;
  }
  for (const name of undo) {
    if (!steps.some((step) => step.name === name && step.undo))
      yield `\`undo\` names "${name}", which has no compensation.`;
  }
  for (const name of undo.slice(1)) {
    if (steps.find((step) => step.name === name)?.undo?.refused) {
      yield `undoing "${name}" can be refused after others were undone: put it first in \`undo\`.`;
    }
  }
}

function* durationProblems(plan: SagaPlan): Generator<string> {
  const { policy, steps, begins, births, patience, tells } = plan;
  const used = [
    begins.within,
    tells.within,
    patience.longestPause,
    patience.incident,
    ...Object.values(births).flatMap(({ within, remind }) => [within, ...(remind === undefined ? [] : [remind])]),
    ...steps.flatMap(({ within, undo }) => [
      ...(within === undefined ? [] : typeof within === 'string' ? [within] : Object.values(within.is)),
      ...(undo ? [undo.within] : []),
    ]),
  ];
  for (const name of new Set(used)) {
    if (policy[name] === undefined)
      yield `the duration "${name}" is used and not in \`policy\`: add it, in milliseconds.`;
  }
  for (const [name, duration] of Object.entries(policy)) {
    if (!(duration > 0)) yield `the duration "${name}" is ${duration}: it must be more than 0 milliseconds.`;
    if (!used.includes(name)) yield `the duration "${name}" is in \`policy\` and never used: drop it.`;
  }
  for (const step of steps) {
    const first = !step.after?.length;
    if (first && step.within !== undefined)
      yield `step "${step.name}" begins with a birth: its \`within\` belongs there.`;
    if (!first && (step.within === undefined || !step.late?.length)) {
      yield `step "${step.name}" may be waited for endlessly: give it \`within\` and \`late\`.`;
    }
  }
}

const failuresOf = ({ steps, births }: SagaPlan): readonly { readonly step: string; readonly failure: string }[] => {
  const ofLate = (step: string, late: readonly Late[] = []) =>
    late.flatMap((each) => (typeof each === 'object' ? [{ step, failure: each.fails }] : []));
  return steps.flatMap((step) => [
    ...(step.cannot ?? []).map(({ as }) => ({ step: step.name, failure: as })),
    ...ofLate(step.name, step.late),
    ...(step.after?.length ? [] : Object.values(births).flatMap(({ late }) => ofLate(step.name, late))),
  ]);
};

function* alternativeProblems(plan: SagaPlan): Generator<string> {
  const { adopts, alternatives, births, steps, begins } = plan;
  const failures = failuresOf(plan);
  for (const name of repeated(alternatives.map((each) => each.name))) yield `two alternatives are named "${name}".`;
  for (const { step, failure } of failures) {
    const answered = alternatives.some(
      ({ when }) => 'step' in when && when.step === step && when.failure === failure && !when.order,
    );
    if (!answered) {
      yield `step "${step}" can fail as "${failure}", and no alternative says what then: add one without conditions.`;
    }
  }
  const ending = new Set(
    steps.flatMap(({ name, cannot = [] }) => cannot.filter(({ ends }) => ends).map(({ as }) => `${name}/${as}`)),
  );
  for (const { name, when, undo, leadsTo } of alternatives) {
    const over = 'step' in when && ending.has(`${when.step}/${when.failure}`);
    if (('open' in leadsTo || 'cancel' in leadsTo) && !undo && !over) {
      yield `alternative "${name}" gives up a unit that has not ended: set \`undo\`, so that it is undone first.`;
    }
    if ('step' in when && !failures.some((each) => each.step === when.step && each.failure === when.failure)) {
      yield `alternative "${name}" waits for step "${when.step}" to fail as "${when.failure}", which never happens.`;
    }
    if ('open' in leadsTo && !births[leadsTo.open]?.asks) {
      yield `alternative "${name}" opens a unit by "${leadsTo.open}", which is no birth with a request.`;
    }
    if ('nextAttempt' in leadsTo && !steps.some((step) => step.name === leadsTo.nextAttempt && step.asks)) {
      yield `alternative "${name}" asks for another attempt of "${leadsTo.nextAttempt}", which has no \`asks\`.`;
    }
  }
  if (adopts !== undefined && (!births[adopts]?.asks || births[adopts].remind)) {
    yield `\`adopts\` names "${adopts}", which is no birth with a request and without reminders.`;
  }
  if (!births[begins.birth]) yield `the first unit is born by "${begins.birth}", which is not in \`births\`.`;
}

const heard = (plan: SagaPlan): readonly (readonly [where: string, event: string])[] => [
  ['begins.with', plan.begins.with],
  ['wish.event', plan.wish.event],
  ['tells.done', plan.tells.done],
  ['tells.cannot', plan.tells.cannot],
  ...plan.steps.flatMap((step) => [
    ...(step.begun ? [[`steps.${step.name}.begun`, step.begun] as const] : []),
    [`steps.${step.name}.done`, step.done] as const,
    ...[...new Set(step.cannot?.map(({ event }) => event))].map(
      (event) => [`steps.${step.name}.cannot`, event] as const,
    ),
    ...(step.undo ? [[`steps.${step.name}.undo.done`, step.undo.done] as const] : []),
    ...(step.undo?.refused ? [[`steps.${step.name}.undo.refused`, step.undo.refused] as const] : []),
  ]),
];

/** Every event that the saga says, and what is known where it says it. */
const said = (plan: SagaPlan): readonly (readonly [where: string, event: string, known: readonly string[]])[] => {
  const { identity, begins, says, wish, remembers, alternatives } = plan;
  const unit = [identity.saga, identity.unit];
  // What units carry was kept of the beginning, or is nothing.
  const lines = begins.keeps.filter((field) => field === 'lines');
  const birth = (name: string, { asks }: Birth) =>
    asks ? [[`births.${name}`, asks, [...unit, ...begins.keeps, 'replaces', 'placedAt', 'deadline']] as const] : [];
  const chosen = alternatives.flatMap(({ leadsTo }) => ('nextAttempt' in leadsTo ? [leadsTo.choose] : []));
  return [
    ['begins.says', begins.says, [identity.saga, 'definition', 'version']],
    ...Object.entries(plan.births).flatMap(([name, each]) => birth(name, each)),
    ...plan.steps.flatMap((step) => [
      ...(step.asks ? [[`steps.${step.name}.asks`, step.asks, [...unit, 'attempt', ...chosen]] as const] : []),
      ...(step.undo
        ? [[`steps.${step.name}.undo`, step.undo.asks, [...unit, 'reason', ...remembers.growing]] as const]
        : []),
    ]),
    ...(says.continued === undefined
      ? []
      : [['says.continued', says.continued, [identity.saga, `${identity.unit}s`]] as const]),
    ['says.delayed', says.delayed, [...unit, 'step', 'reason', 'expectedAt']],
    ['says.opened', says.opened, [...unit, 'incidentId', 'step', 'reason', 'owner', 'dueAt']],
    ['says.resolved', says.resolved, [identity.saga, 'incidentId', 'resolution']],
    ['says.completed', says.completed, [identity.saga, ...lines]],
    ['says.cancelled', says.cancelled, [identity.saga, 'reason', 'detail']],
    ['wish.refused', wish.refused, [identity.saga, wish.number, 'dispatched']],
  ];
};

const isEvent = (name: string): boolean => {
  try {
    return definitionOf(name) !== undefined;
  } catch {
    return false;
  }
};

function* eventProblems(plan: SagaPlan): Generator<string> {
  const all = [
    ...heard(plan),
    ...said(plan),
    ...Object.keys(plan.tells.on).map((event) => ['tells.on', event] as const),
  ];
  for (const [where, event] of all) {
    if (!isEvent(event))
      yield `${where} names "${event}", which no contract declares: correct it, or add it to libs/contracts.`;
  }
  const { keeps, with: beginning } = plan.begins;
  const there = isEvent(beginning) ? fieldsOf(beginning).map(({ name }) => name) : keeps;
  for (const field of keeps.filter((each) => !there.includes(each))) {
    yield `begins.keeps names "${field}", which "${beginning}" does not have: drop it, or begin with an event that has it.`;
  }
  for (const event of repeated(heard(plan).map(([, name]) => name))) {
    yield `"${event}" stands in two places: an event can mean one thing to a saga.`;
  }
  for (const [where, event, known] of said(plan)) {
    if (!isEvent(event)) continue;
    const unknown = fieldsOf(event).filter(({ name, required }) => required && !known.includes(name));
    for (const { name } of unknown) {
      yield `${where} says "${event}", whose field "${name}" the saga does not know there: keep it, or make it optional.`;
    }
  }
}

/** Everything that is wrong with a plan, each with what to do about it. */
export const problemsOf = (plan: SagaPlan): readonly string[] => [
  ...pathProblems(plan),
  ...compensationProblems(plan),
  ...durationProblems(plan),
  ...alternativeProblems(plan),
  ...eventProblems(plan),
];
