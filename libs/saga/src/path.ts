import type { SagaDefinition, Step } from './definition.js';
import type { Unit } from './saga.js';

/** A step is passed when it is done, or when a later one is: facts come in any order. */
export const passed = (definition: SagaDefinition, unit: Unit, step: string): boolean =>
  unit.steps[step]?.done !== undefined ||
  (definition.followers.get(step) ?? []).some((next) => passed(definition, unit, next));

/** Whether the unit went out: it passed the pivot, or its undo was refused because it will. */
export const wentOut = (definition: SagaDefinition, unit: Unit): boolean =>
  unit.refused !== undefined || (definition.pivot !== undefined && passed(definition, unit, definition.pivot));

/** Steps of a unit that somebody is at now. */
export const underWay = (definition: SagaDefinition, unit: Unit): readonly Step[] =>
  definition.steps.filter(
    ({ name, after = [] }) =>
      !passed(definition, unit, name) && after.every((before) => passed(definition, unit, before)),
  );

export const allPassed = (definition: SagaDefinition, unit: Unit): boolean =>
  definition.steps.every(({ name }) => passed(definition, unit, name));

/** It is being undone, and that was not refused. */
export const isBeingUndone = (unit: Unit): boolean =>
  unit.undo !== undefined && unit.refused === undefined && unit.ended === undefined;

/** The step that is undone next, or is being undone. */
export const undoing = (definition: SagaDefinition, unit: Unit): string | undefined =>
  definition.undo.find((step) => unit.steps[step]?.undone === undefined);

/** Whether it is decided that the unit goes out or does not. */
export const isDecided = (definition: SagaDefinition, unit: Unit): boolean =>
  unit.ended !== undefined ||
  unit.refused !== undefined ||
  (unit.undo !== undefined && undoing(definition, unit) !== definition.undo[0]);
