import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { EffectDefinition } from '../api/effects.js';
import { PERFORMS } from '../api/reactions.js';
import type { Performer } from '../pipeline/effect-worker.js';
import { decoratedMethods } from './decorated-methods.js';

/** Finds the methods of all providers that are decorated with `@Performs`. */
@Injectable()
export class PerformerFinder {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws Error when two methods perform the same effect */
  find(): Performer[] {
    const performers = new Map<string, Performer>();
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    for (const instance of new Set(wrappers.map((wrapper) => wrapper.instance as unknown))) {
      if (typeof instance !== 'object' || instance === null) continue;
      const found = decoratedMethods<EffectDefinition<unknown, unknown>>(this.scanner, instance, PERFORMS);
      for (const { method, mark: effect } of found) {
        if (performers.has(effect.effectName)) throw new Error(`Two methods perform the effect ${effect.effectName}.`);
        performers.set(effect.effectName, { effect, perform: method.bind(instance) as Performer['perform'] });
      }
    }
    return [...performers.values()];
  }
}
