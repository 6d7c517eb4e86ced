import { type EventDefinition, definitionOf } from '@baton/contracts';
import { defineSaga, isExpected, lastEvents, type SagaDefinition, type SagaPlan, withPolicy } from '@baton/saga';
import { orderFulfilmentV1 } from './order-fulfilment.v1.js';

/** Every definition that some saga may still run by, versions of one name in ascending order. New sagas take the last. */
export const sagaPlans: readonly SagaPlan[] = [orderFulfilmentV1];

const checked = sagaPlans.map(defineSaga);

/** Every event that a saga of some definition listens to. */
export const heardEvents: readonly EventDefinition[] = [
  ...new Set(checked.flatMap(({ roles }) => [...roles.keys()])),
].map(definitionOf);

/** Those of them after which no saga of any definition has anything to decide while all goes well. */
export const expectedEvents: readonly EventDefinition[] = heardEvents.filter(({ eventName }) =>
  checked.every((definition) => !definition.roles.has(eventName) || isExpected(definition, eventName)),
);

/** Of each definition the events after all of which its sagas end. */
export const lastEventsOfEach: readonly (readonly EventDefinition[])[] = checked.map((definition) =>
  lastEvents(definition).map(definitionOf),
);

/** Names of the definitions whose sagas listen to an event. */
export const listenersTo = (event: string): readonly string[] => [
  ...new Set(checked.filter(({ roles }) => roles.has(event)).map(({ name }) => name)),
];

/** Names of all definitions. */
export const sagaNames: readonly string[] = [...new Set(sagaPlans.map(({ name }) => name))];

/** Durations (milliseconds by name) that replace those of every definition that knows the name. */
export type PolicyChange = Readonly<Record<string, number>>;

/** The definitions that the sagas of this process run by. */
export class Definitions {
  private readonly all: readonly SagaDefinition[];

  constructor(change: PolicyChange = {}) {
    const known = new Set(sagaPlans.flatMap(({ policy }) => Object.keys(policy)));
    const unknown = Object.keys(change).filter((name) => !known.has(name));
    if (unknown.length > 0) {
      throw new RangeError(`No saga knows the duration ${unknown.join(', ')}; there are ${[...known].join(', ')}.`);
    }
    this.all = sagaPlans.map((plan) => {
      const own = Object.entries(change).filter(([name]) => plan.policy[name] !== undefined);
      return defineSaga(withPolicy(plan, Object.fromEntries(own)));
    });
  }

  /** The version that new sagas begin with. */
  latest(name: string): SagaDefinition {
    return this.the(
      this.all.findLast((each) => each.name === name),
      name,
    );
  }

  /**
   * The version that a saga began with.
   * @throws RangeError when it is gone: a definition stays in `sagaPlans` until the last of its sagas has ended
   */
  of(name: string, version: number): SagaDefinition {
    return this.the(this.find(name, version), `${name} v${version}`);
  }

  /** The same, or undefined when it is gone. */
  find(name: string, version: number): SagaDefinition | undefined {
    return this.all.find((each) => each.name === name && each.version === version);
  }

  private the(definition: SagaDefinition | undefined, name: string): SagaDefinition {
    if (!definition) throw new RangeError(`There is no saga definition ${name}.`);
    return definition;
  }
}
