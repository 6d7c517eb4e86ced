import type { SagaDefinition, Step } from './definition.js';
import type { Unit } from './saga.js';

const NOTHING: readonly string[] = [];

/** A step is passed when it is done, or when a later one is: facts come in any order. */
export const passed = (definition: SagaDefinition, unit: Unit, step: string): boolean => {
  if (unit.steps[step]?.done !== undefined) return true;
  for (const next of definition.followers.get(step) ?? NOTHING) if (passed(definition, unit, next)) return true;
  return false;
};

const allOf = (definition: SagaDefinition, unit: Unit, steps: readonly string[]): boolean => {
  for (const step of steps) if (!passed(definition, unit, step)) return false;
  return true;
};

/** Whether the unit went out: it passed the pivot, or its undo was refused because it will. */
export const wentOut = (definition: SagaDefinition, unit: Unit): boolean =>
  unit.refused !== undefined || (definition.pivot !== undefined && passed(definition, unit, definition.pivot));

/** Whether all is known of a unit by which a refusal to cancel names it. */
export const isNamed = ({ wish }: SagaDefinition, { kept }: Unit): boolean =>
  wish.names.every((field) => kept?.[field] !== undefined);

/** Steps of a unit that somebody is at now. */
export const underWay = (definition: SagaDefinition, unit: Unit): readonly Step[] =>
  definition.steps.filter(
    ({ name, after = NOTHING }) => !passed(definition, unit, name) && allOf(definition, unit, after),
  );

export const allPassed = (definition: SagaDefinition, unit: Unit): boolean =>
  allOf(definition, unit, definition.lastSteps);

/** It is being undone, and that was not refused. */
export const isBeingUndone = (unit: Unit): boolean =>
  unit.undo !== undefined && unit.refused === undefined && unit.ended === undefined;

/** The step that is undone next, or is being undone. */
export const undoing = (definition: SagaDefinition, unit: Unit): string | undefined =>
  definition.undo.find((step) => unit.steps[step]?.undone === undefined);

/** Its undo was asked for, and nobody has said yet whether it still can be: if not, it goes on. */
export const isUndecided = (definition: SagaDefinition, unit: Unit): boolean =>
  unit.undo !== undefined && !wentOut(definition, unit) && !isDecided(definition, unit);

/** Whether it is decided that the unit goes out or does not. */
export const isDecided = (definition: SagaDefinition, unit: Unit): boolean =>
  unit.ended !== undefined ||
  unit.refused !== undefined ||
  (unit.undo !== undefined && undoing(definition, unit) !== definition.undo[0]);
