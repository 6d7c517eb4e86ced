import 'reflect-metadata';
import { eventDefinitions, readers } from '@baton/contracts';
import type { MessageDefinition, ReactionPlan } from '@baton/messaging';
import type { ServiceDefinition } from '@baton/service-kit';
import { describe, expect, it } from 'vitest';
import { services } from '../generate/services.js';

/** Where Nest keeps the extras of an event pattern, in which `@On` leaves its plan. */
const EXTRAS = 'microservices:pattern_extras';

const controllersOf = ({ module }: ServiceDefinition) =>
  (Reflect.getMetadata('controllers', module) ?? []) as readonly (new () => object)[];

const plansOf = (service: ServiceDefinition): readonly ReactionPlan[] =>
  controllersOf(service).flatMap(({ prototype }) =>
    Object.getOwnPropertyNames(prototype).flatMap((name) => {
      const method: unknown = Reflect.get(prototype, name);
      if (typeof method !== 'function') return [];
      const extras = Reflect.getMetadata(EXTRAS, method) as { readonly plan?: ReactionPlan } | undefined;
      return extras?.plan ? [extras.plan] : [];
    }),
  );

const isEvent = (definition: MessageDefinition): boolean => !('kind' in definition);

const eventsHeardBy = (service: ServiceDefinition): readonly string[] =>
  plansOf(service).flatMap(({ definitions }) => definitions.filter(isEvent).map(({ eventName }) => eventName));

describe('Who reads which event', () => {
  it('is listed in the contracts as the reactions of the services have it', () => {
    const declared = Object.fromEntries(
      eventDefinitions.map(({ eventName }) => [
        eventName,
        services
          .filter((service) => eventsHeardBy(service).includes(eventName))
          .map(({ name }) => name as string)
          .toSorted(),
      ]),
    );
    const listed = Object.fromEntries(Object.entries(readers).map(([name, all]) => [name, [...all].toSorted()]));
    expect(listed).toEqual(declared);
  });

  it('finds reactions at all', () => {
    expect(services.flatMap(eventsHeardBy).length).toBeGreaterThan(40);
  });
});
