import { FulfilmentStarted, OrderCancellationRequested, StockReplenished } from '@baton/contracts';
import { Column, DataSource, Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';
import { z } from 'zod';
import { defineCommand } from '../api/commands.js';
import { defineEffect, type EffectCall, type EffectResult } from '../api/effects.js';
import { type Loaded, one } from '../api/needs.js';
import { type Outcome, Refused, save } from '../api/outcome.js';
import type { MessageDefinition, ReactionPlan } from '../api/reactions.js';
import { defineStore } from '../api/stores.js';
import { messagingMigrations } from '../migrations/index.js';
import { StateEntity } from '../store/state.entity.js';
import type { Transport } from '../transport/port.js';
import { type FreshDatabase, MemoryTransport, freshDatabase } from './index.js';
import { encode } from '../wire/cloud-events.js';
import { type Handler, MessageParked, Reactions } from '../pipeline/reactions.js';
import { type PipelineOptions, PipelineRuntime } from '../pipeline/runtime.js';

/** The state of the tests' service: what an order's wishes add up to. */
export interface Tally {
  readonly orderId: string;
  readonly total: number;
  readonly heard: readonly string[];
  readonly rang: number;
  readonly parked: number;
}

@Entity('tally')
class TallyEntity extends StateEntity implements Tally {
  @PrimaryColumn({ name: 'order_id', type: 'text' })
  orderId!: string;
  @Column({ type: 'int' })
  total!: number;
  @Column({ type: 'jsonb' })
  heard!: string[];
  @Column({ type: 'int' })
  rang!: number;
  @Column({ type: 'int' })
  parked!: number;
}

class TallyMigration1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table tally (
      order_id text primary key, total int not null check (total < 1000), heard jsonb not null,
      rang int not null, parked int not null, outbox_id bigint)`);
  }
  async down(): Promise<void> {}
}

export const Tallies = defineStore<Tally>()(TallyEntity, 'orderId');
const tally = (orderId: string) => ({ tally: one(Tallies, { orderId }) });
export const none = (orderId: string): Tally => ({ orderId, total: 0, heard: [], rang: 0, parked: 0 });

export const Ring = defineEffect<{ orderId: string }, { ok: boolean }, number>('Ring', {
  initialBackoffMs: 10,
  maxBackoffMs: 20,
});

/** Adds to a tally; an amount below zero is refused, 7 asks for a ring, 9 awaits the order's wish, 13 throws. */
export const Add = defineCommand({
  name: 'Add',
  doc: 'Adds to a tally.',
  data: z.object({ orderId: z.string(), amount: z.int() }),
  key: ({ orderId }) => orderId,
});

export const Due = defineCommand({
  name: 'Due',
  doc: 'A tally is due.',
  data: z.object({ orderId: z.string() }),
  key: ({ orderId }) => orderId,
});

/** A call with the total at hand as it was when it was asked for. */
export type Ringing = EffectCall<{ orderId: string }, number>;

/** How a test makes the reactions misbehave. */
export interface Plan {
  /** Wishes with this number throw while it is set. */
  poison?: number | undefined;
  /** What a wish's reaction returns in place of the usual outcome. */
  instead?: (orderId: string, wish: number, usual: Outcome) => Outcome;
  /** What becomes of the tally when a message of its order is parked; one more of `parked` when absent. */
  park?: (parked: Tally) => Tally;
  ring?: (call: Ringing) => Promise<{ ok: boolean }>;
  /** When a ring counts as unanswered, milliseconds. */
  ringTimeoutMs?: number;
  /** Reactions are called as Nest calls those with a guard. */
  isGuarded?: boolean;
  /** Called inside every reaction. */
  onReaction?: () => void;
  handled: string[];
}

const addTo = (orderId: string, amount: number, id: string, before: Tally | undefined): Outcome => {
  const now = { ...(before ?? none(orderId)) };
  const after = { ...now, total: now.total + amount, heard: [...now.heard, id] };
  return {
    save: [save(Tallies, after)],
    publish: [
      FulfilmentStarted({ orderId, definition: 'tally', version: after.heard.length }, id.replaceAll('/', '.')),
    ],
    reply: { body: { total: after.total } },
  };
};

/** The reactions of the tests' service, registered as Nest would. */
const tallyReactions = (plan: Plan): Reactions => {
  const reactions = new Reactions();
  const on = <M>(
    definition: unknown,
    keyOf: (message: M) => string,
    react: (message: M, loaded: Loaded<ReturnType<typeof tally>>) => Outcome,
  ): void => {
    const definitions = [definition] as unknown as readonly MessageDefinition[];
    const reaction: ReactionPlan = { definitions, first: (message) => tally(keyOf(message)), second: undefined };
    const plain: Handler = (message, { loaded }) => {
      plan.onReaction?.();
      return react(message as M, loaded as Loaded<ReturnType<typeof tally>>);
    };
    // As through Nest, where the answer is a promise.
    const guarded: Handler = async (message, context) => plain(message, context);
    reactions.register(reaction, plan.isGuarded ? guarded : plain);
  };
  on<OrderCancellationRequested>(
    OrderCancellationRequested,
    (event) => event.data.orderId,
    (event, loaded) => {
      plan.handled.push(event.id);
      if (event.data.wish === plan.poison) throw new Error('poisoned');
      const { orderId, wish } = event.data;
      const usual = addTo(orderId, wish, event.id, loaded.tally);
      return plan.instead?.(orderId, wish, usual) ?? usual;
    },
  );
  on<StockReplenished>(
    StockReplenished,
    (event) => event.data.sku,
    (event, loaded) => addTo(event.data.sku, event.data.quantity, event.id, loaded.tally),
  );
  on<{ id: string; data: z.infer<typeof Add.schema> }>(
    Add,
    (command) => command.data.orderId,
    ({ id, data }, loaded) => {
      if (data.amount < 0) throw new Refused(409, 'below-zero', 'Only additions are taken.');
      if (data.amount === 13) throw new Error('unlucky');
      const added = addTo(data.orderId, data.amount, id, loaded.tally);
      if (data.amount === 9) return { ...added, awaits: [OrderCancellationRequested.eventName] };
      return data.amount === 7
        ? {
            ...added,
            effects: [
              Ring({ orderId: data.orderId }, `ring/${data.orderId}`, (loaded.tally?.total ?? 0) + data.amount),
            ],
          }
        : added;
    },
  );
  on<{ id: string; data: { orderId: string } }>(
    Due,
    (command) => command.data.orderId,
    ({ id, data }, loaded) => {
      plan.handled.push(`due ${data.orderId}`);
      return addTo(data.orderId, 1, id, loaded.tally);
    },
  );
  on<EffectResult<{ orderId: string }>>(
    Ring.result,
    (result) => result.payload.orderId,
    (_, loaded) => (loaded.tally ? { save: [save(Tallies, { ...loaded.tally, rang: loaded.tally.rang + 1 })] } : {}),
  );
  on<{ id: string; data: z.infer<typeof MessageParked.schema> }>(
    MessageParked,
    (command) => command.data.key,
    (command, loaded) => {
      const before = loaded.tally ?? none(command.data.key);
      const parked = { ...before, parked: before.parked + 1 };
      return { save: [save(Tallies, plan.park?.(parked) ?? parked)] };
    },
  );
  return reactions;
};

export const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** How a process of the tests' service is started; three tries when nothing is said. */
export type TallyOptions = Partial<Plan> &
  Partial<Pick<PipelineOptions, 'dueSources' | 'gathering' | 'log'>> & { readonly tries?: number };

/** One process of the tests' service. */
export class TallyService {
  private constructor(
    readonly pipeline: PipelineRuntime,
    private readonly dataSource: DataSource,
    readonly plan: Plan,
  ) {}

  static async start(database: FreshDatabase, transport: Transport, options: TallyOptions = {}): Promise<TallyService> {
    const { tries = 3, dueSources, gathering, log = silent, ...rest } = options;
    const plan: Plan = Object.assign(rest, { handled: [] });
    const dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [TallyEntity],
      migrations: [...messagingMigrations, TallyMigration1700000000001],
      poolErrorHandler: () => undefined,
    });
    await dataSource.initialize();
    await dataSource.runMigrations();
    const pipeline = new PipelineRuntime({
      service: 'tally',
      databaseUrl: database.url,
      dataSource,
      transport,
      log,
      retry: { tries, firstPauseMs: 5, longestPauseMs: 10 },
      ...(dueSources && { dueSources }),
      ...(gathering && { gathering }),
    });
    const perform = (call: EffectCall<unknown, unknown>) =>
      (plan.ring ?? (() => Promise.resolve({ ok: true })))(call as Ringing);
    const { ringTimeoutMs: timeoutMs = Ring.options.timeoutMs } = plan;
    const effect = Object.assign(Ring.bind(undefined), Ring, { options: { ...Ring.options, timeoutMs } });
    await pipeline.start(tallyReactions(plan), [{ effect: effect as never, perform }]);
    return new TallyService(pipeline, dataSource, plan);
  }

  async stop(): Promise<void> {
    await this.pipeline.stop();
    await this.dataSource.destroy();
  }
}

/** A service alone with a database and a transport of its own. */
export const tallyWorld = async () => {
  const database = await freshDatabase();
  const transport = new MemoryTransport();
  const service = await TallyService.start(database, transport);
  const stop = async (): Promise<void> => {
    await service.stop();
    await database.drop();
  };
  return { database, transport, stop };
};

/** What each order's wishes add up to. */
export const totalsIn = async (database: FreshDatabase): Promise<Readonly<Record<string, number>>> => {
  const rows = await database.query('select order_id, total from tally order by order_id');
  return Object.fromEntries(rows.map(({ order_id: id, total }) => [id as string, total as number]));
};

/** How many wishes had been heard of its order at each event that was published, in the order of the events. */
export const versionsIn = ({ records }: MemoryTransport): readonly number[] =>
  records.map(({ value }) => (JSON.parse(value.toString()) as { version: number }).version);

/** A wish as its writer would publish it. */
export const wish = (orderId: string, number: number) =>
  encode(OrderCancellationRequested({ orderId, wish: number }, number), '2026-01-01T00:00:00.000Z', {});
