import { Injectable } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type ReactionPlan, REACTS } from '../api/reactions.js';
import type { Handler } from '../pipeline/reactions.js';
import { decoratedMethods } from './decorated-methods.js';

/** What Nest's decorators leave on a class or method that is surrounded by something. */
const SURROUNDED = [GUARDS_METADATA, INTERCEPTORS_METADATA, PIPES_METADATA, EXCEPTION_FILTERS_METADATA];

type Method = (message: unknown, loaded: unknown, moment: unknown) => unknown;

/**
 * Finds the reactions that Nest puts nothing around: one instance for all calls, and no guard, interceptor, pipe or
 * filter of their own. They are called as what they are, methods; Nest's way to such a method is a dozen promises long,
 * which costs as much as most reactions. All others are called by Nest.
 */
@Injectable()
export class PlainReactions {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  find(): ReadonlyMap<ReactionPlan, Handler> {
    const handlers = new Map<ReactionPlan, Handler>();
    for (const wrapper of this.discovery.getControllers()) {
      const instance = wrapper.instance as object | null;
      if (!instance || !wrapper.isDependencyTreeStatic() || isSurrounded(instance.constructor)) continue;
      for (const { method, mark } of decoratedMethods<ReactionPlan>(this.scanner, instance, REACTS)) {
        if (isSurrounded(method)) continue;
        const call = method as Method;
        handlers.set(mark, (message, { loaded, moment }) => call.call(instance, message, loaded, moment));
      }
    }
    return handlers;
  }
}

const isSurrounded = (target: object): boolean => SURROUNDED.some((key) => Reflect.hasMetadata(key, target));
