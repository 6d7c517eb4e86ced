import { Sagas, SkipStep } from '@baton/coordinator';
import { MESSAGES, stepOfKey } from '@baton/saga';
import type { Process } from './process.js';
import type { Random } from './random.js';
import type { World } from './world.js';

/** Something that an operator could go on without, if the coordinator lets them. */
interface Skippable {
  readonly definition: string;
  readonly orderId: string;
  readonly shipment: number;
  readonly step: string;
}

/** All that orders wait for, and their incidents. */
const whatIsWaitedFor = (world: World): readonly Skippable[] =>
  world.coordinator.service.rows(Sagas).flatMap(({ definition, orderId, state: { waits, incidents = [] } }) => [
    ...Object.keys(waits).map((key) => {
      const shipment = Number.parseInt(key, 10);
      return { definition, orderId, shipment, step: stepOfKey(key) };
    }),
    ...incidents
      .filter(({ step }) => step === MESSAGES)
      .map(({ unit: shipment, step }) => ({ definition, orderId, shipment, step })),
  ]);

const skip = (world: World, what: Skippable): void => {
  world.skipped.add(`${what.orderId}/${what.shipment}/${what.step}`);
  world.coordinator.submit(SkipStep, { ...what, note: 'settled by phone' }, world.newId());
};

/** An operator goes on without something, whether or not it is late; most of it the coordinator refuses. */
export const skipSomething = (world: World, random: Random): void => {
  const possible = whatIsWaitedFor(world).filter(({ step }) => /^(deliver|tell-|messages)/.test(step));
  if (possible.length > 0) skip(world, random.pick(random.chance(0.8) ? possible : whatIsWaitedFor(world)));
};

/** Operators go on without whatever has an open incident, where that is possible. */
export const settleIncidents = (world: World): void => {
  for (const { definition, orderId, state } of world.coordinator.service.rows(Sagas)) {
    for (const { unit: shipment, step } of state.incidents ?? []) skip(world, { definition, orderId, shipment, step });
  }
};

/** A message that failed before is tried again; now and then an operator gives it up. */
export const decideOn = (world: World, { process, key }: Failed, random: Random, discards: number): void => {
  if (random.chance(discards)) {
    world.lost.add(process.name);
    process.discard(key);
  } else process.retry(key);
};

interface Failed {
  readonly process: Process;
  readonly key: string;
}

export const failedMessages = (world: World): readonly Failed[] =>
  world.processes.flatMap((process) => [...process.parked.keys()].map((key) => ({ process, key })));

/** Operators try again what was put aside for good. */
export const redriveAll = (world: World): void => {
  for (const process of world.processes) for (const letter of process.deadLetters.slice()) process.redrive(letter);
};
