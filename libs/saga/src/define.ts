import type { Role, SagaDefinition, SagaPlan, Step } from './definition.js';
import { problemsOf } from './problems.js';

/** A plan that would not work: every mistake, with its remedy. */
export class SagaPlanMistaken extends Error {
  override readonly name = 'SagaPlanMistaken';
  constructor(
    plan: SagaPlan,
    readonly problems: readonly string[],
  ) {
    super(`Saga ${plan.name} v${plan.version} cannot work:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
  }
}

const rolesOfStep = (step: Step): readonly (readonly [string, Role])[] => {
  const role = (kind: 'begun' | 'done' | 'failed' | 'undone' | 'refused', event: string | undefined) =>
    event === undefined ? [] : [[event, { kind, step: step.name }] as const];
  return [
    ...role('begun', step.begun),
    ...role('done', step.done),
    ...(step.cannot ?? []).flatMap(({ event }) => role('failed', event)),
    ...role('undone', step.undo?.done),
    ...role('refused', step.undo?.refused),
  ];
};

/**
 * Checks a plan and makes it ready to run.
 * @throws SagaPlanMistaken with all mistakes at once: cycles, events that no contract declares, a step before the
 * pivot without compensation, a failure without an alternative, a request with a field that nobody knows, …
 */
export const defineSaga = (plan: SagaPlan): SagaDefinition => {
  const problems = problemsOf(plan);
  if (problems.length > 0) throw new SagaPlanMistaken(plan, problems);
  const byName = new Map(plan.steps.map((step) => [step.name, step]));
  const names = plan.steps.map(({ name }) => name);
  const followers = new Map(
    names.map((name) => [name, plan.steps.filter(({ after }) => after?.includes(name)).map((each) => each.name)]),
  );
  return {
    ...plan,
    roles: new Map<string, Role>([
      [plan.begins.with, { kind: 'beginning' }],
      [plan.wish.event, { kind: 'wish' }],
      [plan.tells.done, { kind: 'told' }],
      [plan.tells.cannot, { kind: 'untold' }],
      ...plan.steps.flatMap(rolesOfStep),
    ]),
    step: (name) => {
      const step = byName.get(name);
      if (!step) throw new RangeError(`Saga ${plan.name} v${plan.version} has no step "${name}".`);
      return step;
    },
    followers,
    lastSteps: names.filter((name) => followers.get(name)?.length === 0),
    firstStep: plan.steps.find(({ after }) => !after?.length)?.name ?? '',
    pivot: plan.steps.find(({ pivot }) => pivot)?.name,
  };
};

/** The same plan with other durations (milliseconds by name), for tests and demonstrations in a hurry. */
export const withPolicy = (plan: SagaPlan, durations: Readonly<Record<string, number>>): SagaPlan => ({
  ...plan,
  policy: { ...plan.policy, ...durations },
});
