import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { type Observable, throwError } from 'rxjs';
import type { ReactionPlan } from '../api/reactions.js';
import type { Performer } from '../pipeline/effect-worker.js';
import { type Handler, Reactions } from '../pipeline/reactions.js';
import type { PipelineRuntime } from '../pipeline/runtime.js';

/**
 * Connects the pipeline to Nest: controllers' `@On` methods are Nest event handlers, with Nest's injection, guards and
 * interceptors; the pipeline decides when and with what they are called. Those that have nothing around them are called
 * without the detour through Nest.
 */
export class ReactionServer extends Server implements CustomTransportStrategy {
  constructor(
    private readonly pipeline: PipelineRuntime,
    private readonly performers: readonly Performer[],
    /** Called without Nest, for which nothing global may be around reactions but `ReactionErrors`. */
    private readonly plain: ReadonlyMap<ReactionPlan, Handler> = new Map(),
  ) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    this.begin().then(() => callback(), callback);
  }

  async close(): Promise<void> {
    await this.pipeline.stop();
  }

  on(): never {
    throw new Error('The pipeline emits no events of its own; watch its health and its metrics.');
  }

  unwrap<T>(): T {
    return this.pipeline as T;
  }

  private async begin(): Promise<void> {
    const reactions = new Reactions();
    const seen = new Set<unknown>();
    for (const handler of this.messageHandlers.values()) {
      const plan = (handler.extras as { readonly plan?: ReactionPlan } | undefined)?.plan;
      // A method with several patterns has a handler for each of them, with the same plan.
      if (!plan || seen.has(plan)) continue;
      seen.add(plan);
      reactions.register(plan, this.plain.get(plan) ?? handler);
    }
    await this.pipeline.start(reactions, this.performers);
  }
}

/** Hands a reaction's error on as it is; Nest would put an `Internal server error` in its place. */
@Catch()
export class ReactionErrors implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}
