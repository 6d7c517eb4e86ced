import 'reflect-metadata';
import { OrderCancellationRequested, OrderPlaced, OrderRejected } from '@baton/contracts';
import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Module,
  type NestInterceptor,
  Scope,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, MetadataScanner, NestFactory } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Moment } from '../api/moment.js';
import type { Outcome } from '../api/outcome.js';
import { On } from '../api/reactions.js';
import type { Reactions } from '../pipeline/reactions.js';
import type { PipelineRuntime } from '../pipeline/runtime.js';
import { PlainReactions } from './plain-reactions.js';
import { ReactionErrors, ReactionServer } from './reaction-server.js';

const seen: string[] = [];

class Watching implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    seen.push(`guard ${context.getHandler().name}`);
    return true;
  }
}
class Around implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    seen.push(`around ${context.getHandler().name}`);
    return next.handle();
  }
}

@Controller()
class Plain {
  private readonly said = 'plain';

  @On(OrderPlaced)
  place(event: unknown, loaded: object, moment: Moment): Outcome {
    if (moment.parked) throw new Error(`refused by ${this.said}`);
    return { reply: { body: [this.said, event, loaded, moment.unit] } };
  }

  @UseGuards(Watching)
  @On(OrderRejected)
  guarded(event: unknown, loaded: object, moment: Moment): Outcome {
    if (moment.parked) throw new Error('refused by the guarded one');
    return { reply: { body: ['guarded', event, loaded, moment.unit] } };
  }
}

@UseInterceptors(Around)
@Controller()
class Surrounded {
  @On(OrderCancellationRequested)
  cancel(event: unknown, loaded: object, moment: Moment): Outcome {
    return { reply: { body: ['cancel', event, loaded, moment.unit] } };
  }
}

@Controller({ scope: Scope.REQUEST })
class OneEach {}

@Module({ imports: [DiscoveryModule], controllers: [Plain, Surrounded, OneEach] })
class AppModule {}

let stop: () => Promise<unknown>;
let plainCount: number;
let reactions: Reactions;

beforeEach(async () => {
  seen.length = 0;
  const app = await NestFactory.create(AppModule, { logger: false });
  const plain = new PlainReactions(app.get(DiscoveryService), app.get(MetadataScanner)).find();
  plainCount = plain.size;
  const pipeline = {
    start: async (registered: Reactions) => void (reactions = registered),
    stop: () => Promise.resolve(),
  } as unknown as PipelineRuntime;
  const server = app.connectMicroservice(
    { strategy: new ReactionServer(pipeline, [], plain) },
    { deferInitialization: true },
  );
  server.useGlobalFilters(new ReactionErrors());
  await app.startAllMicroservices();
  stop = () => app.close();
});
afterEach(() => stop());

const call = (name: string, parked = false) => {
  const moment: Moment = { now: '2026-01-01T00:00:00.000Z', unit: 'u1', messageId: 'm1', parked };
  return reactions.of(name)?.call('the event', { loaded: { row: 1 }, moment });
};

it('calls a reaction with nothing around it as a method', () => {
  expect(plainCount).toBe(1);
  expect(call('OrderPlaced')).toEqual({ reply: { body: ['plain', 'the event', { row: 1 }, 'u1'] } });
  expect(() => call('OrderPlaced', true)).toThrow('refused by plain');
});

it('lets Nest call a reaction with a guard or an interceptor', async () => {
  await expect(call('OrderRejected')).resolves.toEqual({
    reply: { body: ['guarded', 'the event', { row: 1 }, 'u1'] },
  });
  await expect(call('OrderCancellationRequested')).resolves.toEqual({
    reply: { body: ['cancel', 'the event', { row: 1 }, 'u1'] },
  });
  expect(seen).toEqual(['guard guarded', 'around cancel']);
  await expect(call('OrderRejected', true)).rejects.toThrow('refused by the guarded one');
});
