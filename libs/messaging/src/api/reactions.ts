import 'reflect-metadata';
import type { Event, EventDefinition } from '@baton/contracts';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import type { z } from 'zod';
import type { Command, CommandDefinition } from './commands.js';
import type { EffectCall, EffectDefinition, EffectResult, EffectResultDefinition } from './effects.js';
import type { Moment } from './moment.js';
import type { Loaded, Needs } from './needs.js';
import type { Outcome } from './outcome.js';

/** Whatever can be reacted to. */
export type MessageDefinition = EventDefinition | CommandDefinition | EffectResultDefinition<unknown, unknown>;

/** The message that a definition describes, as its reaction gets it. */
export type MessageOf<D> =
  D extends EventDefinition<infer Name, infer Schema>
    ? Event<Name, z.infer<Schema>>
    : D extends CommandDefinition<infer Schema>
      ? Command<z.infer<Schema>>
      : D extends EffectResultDefinition<infer Payload, infer Result>
        ? EffectResult<Payload, Result>
        : never;

/** What `@On` leaves for the strategy to find (the extras of Nest's event pattern). */
export interface ReactionPlan {
  readonly definitions: readonly MessageDefinition[];
  readonly first: (message: never) => Needs;
  readonly second: ((message: never, found: never) => Needs) | undefined;
}

/** What the strategy hands to Nest beside the message. */
export interface ReactionContext {
  readonly loaded: unknown;
  readonly moment: Moment;
}

const FromLoaded = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToRpc().getContext<ReactionContext>().loaded,
);
const FromMoment = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToRpc().getContext<ReactionContext>().moment,
);

type Decorates<Shape> = <Method extends Shape>(
  target: object,
  name: string,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;
type AnyDefinition = MessageDefinition | readonly MessageDefinition[];
type Heard<D> = D extends readonly (infer Each)[] ? MessageOf<Each> : MessageOf<D>;
type NoNeeds = Record<never, never>;

/**
 * Makes a synchronous controller method the reaction to a message: an event, a command, or an effect's result. The
 * method gets the message, what it said it needs (loaded and locked), and the moment, and returns an outcome. It injects
 * no repository, producer or clock, and leaves no trace if it throws.
 * @param definitions what it reacts to: one definition or several
 * @param first what it needs to see, from the message
 * @param second what it needs besides, from the message and what the first stage found
 */
export function On<const D extends AnyDefinition>(
  definitions: D,
): Decorates<(message: Heard<D>, loaded: NoNeeds, moment: Moment) => Outcome>;
export function On<const D extends AnyDefinition, First extends Needs>(
  definitions: D,
  first: (message: Heard<D>) => First,
): Decorates<(message: Heard<D>, loaded: Loaded<First>, moment: Moment) => Outcome>;
export function On<const D extends AnyDefinition, First extends Needs, Second extends Needs>(
  definitions: D,
  first: (message: Heard<D>) => First,
  second: (message: Heard<D>, found: Loaded<First>) => Second,
): Decorates<(message: Heard<D>, loaded: Loaded<First, Second>, moment: Moment) => Outcome>;
export function On(
  definitions: AnyDefinition,
  first: (message: never) => Needs = () => ({}),
  second?: (message: never, found: never) => Needs,
) {
  const list = [definitions].flat() as readonly MessageDefinition[];
  const plan: ReactionPlan = { definitions: list, first, second };
  return (target: object, name: string, descriptor: PropertyDescriptor): void => {
    // Nest fills only parameters that carry a decorator, once one of them does or there is more than one.
    FromMessage()(target, name, 0);
    FromLoaded()(target, name, 1);
    FromMoment()(target, name, 2);
    EventPattern<string[]>(
      list.map(({ eventName }) => eventName),
      { plan },
    )(target, name, descriptor);
    Reflect.defineMetadata(REACTS, plan, descriptor.value as object);
  };
}

const FromMessage = createParamDecorator((_: unknown, context: ExecutionContext) =>
  context.switchToRpc().getData<unknown>(),
);

export const REACTS = 'baton:reacts';
export const PERFORMS = 'baton:performs';

/** Makes a method of a provider the performer of an effect; see `defineEffect`. */
export const Performs =
  <Payload, Result, Reading>(
    effect: EffectDefinition<Payload, Result, Reading>,
  ): Decorates<(call: EffectCall<Payload, Reading>) => Promise<Result>> =>
  (_target, _name, descriptor) => {
    if (descriptor.value) Reflect.defineMetadata(PERFORMS, effect, descriptor.value);
  };
