import { createHash, randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { CommandDefinition } from '../api/commands.js';
import { Refused, type Reply } from '../api/outcome.js';
import { StoreTables } from '../state/identity-map.js';
import { observePipeline } from '../telemetry/metrics.js';
import { activeHeaders } from '../telemetry/tracing.js';
import type { Headers, Transport } from '../transport/port.js';
import { describeIssues, isPassedOver } from '../wire/cloud-events.js';
import type { Committed } from './task.js';
import { Batches } from './batches.js';
import { query, runOn, unitOfWorkPool, withClient } from './connection.js';
import { Consumption } from './consumption.js';
import { crashPoint } from './crash-points.js';
import { DueLook } from './due-look.js';
import { type SavedEffect, subjectOf } from './effect.js';
import { EffectWorker, type Performer } from './effect-worker.js';
import { dueHeld } from './held-messages.js';
import { deliveryPatience, type Gathering, patienceOf, pauseAfter } from './gathering.js';
import type { RetryPolicy } from './holding.js';
import type { CommandInput, Input, Message } from './inputs.js';
import type { PipelineLog } from './log.js';
import { Poller, rest } from './patience.js';
import { type DueCommand, type DueSource, Pipeline, type SubmitOptions } from './pipeline.js';
import { Publisher } from './publisher.js';
import { InputQueue } from './queue.js';
import type { Reactions } from './reactions.js';
import { UnitIds } from './unit-ids.js';

/** What a service's pipeline is made of. */
export interface PipelineOptions {
  /** Name of the service; its consumer group is `baton-<service>`. */
  readonly service: string;
  readonly databaseUrl: string;
  readonly dataSource: DataSource;
  readonly transport: Transport;
  readonly log: PipelineLog;
  readonly dueSources?: readonly DueSource[];
  readonly retry?: Partial<RetryPolicy>;
  readonly gathering?: Gathering;
}

/** How a pipeline is, for health checks. */
export interface PipelineHealth {
  readonly consuming: boolean;
  /** Age of the oldest committed event that is not published, seconds. */
  readonly outboxAge: number;
}

const RETRY: RetryPolicy = { tries: 6, firstPauseMs: 200, longestPauseMs: 10_000 };
/** Most messages in one unit of work. */
const BATCH_SIZE = 2_000;
/** For services that let messages gather, where it is what ends the gathering early. */
const GATHERED_BATCH_SIZE = 8_000;
/** For what other processes and operators put aside or let go; a process knows when its own are due. */
const HELD_PAUSE_MS = 2_000;
const HELD_ROWS = 500;
const OFFSETS_PAUSE_MS = 1_000;
/** Records that nobody reacts to are read again after a crash, those of so long at most. */
const PASS_OVER_PAUSE_MS = 5_000;
/** HTTP requests beyond this are refused, for their senders to try again. */
const MOST_COMMANDS = 10_000;
const STOP_DEADLINE_MS = 10_000;

/**
 * The pipeline of one service: gathers whatever is at hand (records, commands, results of effects, held messages, due
 * deadlines), handles it in one unit of work after another, and does what each leaves to be done after its commit.
 */
export class PipelineRuntime extends Pipeline {
  private readonly pool: pg.Pool;
  private readonly tables: StoreTables;
  private readonly queue: InputQueue;
  private readonly ids = new UnitIds();
  /** Names this process among those of its service. */
  private readonly owner = randomUUID();
  private readonly publisher: Publisher;
  private readonly consumption: Consumption;
  private readonly abort = new AbortController();
  private readonly pollers: Poller[] = [];
  /** Held messages that are queued already. */
  private readonly heldQueued = new Set<string>();
  private stopping = false;
  private stopped: Promise<void> | undefined;
  /** False once nothing comes any more. */
  private isFed = true;
  /** True once nothing is handled any more. */
  private hasEnded = false;
  private commandsQueued = 0;
  private batches: Batches | undefined;
  private effects: EffectWorker | undefined;
  private holding: Poller | undefined;
  private looping: Promise<void> = Promise.resolve();
  private unobserve: () => void = () => undefined;

  constructor(private readonly options: PipelineOptions) {
    super();
    const { transport, log, gathering = {} } = options;
    this.queue = new InputQueue(patienceOf(gathering));
    this.pool = unitOfWorkPool(options.databaseUrl, `baton-${options.service}`);
    this.tables = new StoreTables(options.dataSource);
    this.publisher = new Publisher(this.pool, transport, log, this.ids.isOwn);
    const { pool, queue, abort } = this;
    this.consumption = new Consumption({ pool, transport, queue, log, signal: abort.signal });
  }

  /** Begins to consume, to perform effects and to watch deadlines. */
  async start(reactions: Reactions, performers: readonly Performer[]): Promise<void> {
    const { log, service, retry, dueSources = [], gathering = {} } = this.options;
    const { pool, tables, owner, ids, publisher } = this;
    this.batches = new Batches({
      service,
      owner,
      tables,
      reactions,
      retry: { ...RETRY, ...retry },
      log,
      pool,
      ids,
      publisher,
      signal: this.abort.signal,
      finish: (inputs, committed) => this.finish(inputs, committed),
    });
    this.effects = new EffectWorker(this.pool, log, this.owner, performers, (effect, result, trace) => {
      this.queue.push([{ kind: 'effect', effect, message: resultMessage(effect, result, trace) }]);
    });
    this.looping = this.loop();
    this.publisher.start();
    await this.effects.start();
    if (this.stopping) throw stopped();
    const patienceMs = deliveryPatience(gathering, reactions.heardEvents);
    await this.consumption.start({ group: `baton-${service}`, topics: reactions.topics, patienceMs }, (record) =>
      isPassedOver(record, reactions.isHeard),
    );
    this.holding = this.poll('Looking for held messages', HELD_PAUSE_MS, () => this.lookForHeld());
    this.poll('Committing offsets', OFFSETS_PAUSE_MS, () => this.consumption.commitOffsets());
    this.poll('Passing over records', PASS_OVER_PAUSE_MS, () => this.consumption.passOver());
    for (const source of dueSources) {
      const look = this.dueLook(source);
      this.poll(`Looking for ${source.name}`, source.pollMs, () => look.look());
    }
    this.unobserve = observePipeline(service, {
      lag: () => this.consumption.lag(),
      outboxAge: () => this.publisher.age(),
      held: () => this.heldByState(),
    });
  }

  override submit<Schema extends z.ZodType>(
    definition: CommandDefinition<Schema>,
    data: z.input<Schema>,
    { idempotencyKey }: SubmitOptions = {},
  ): Promise<Reply> {
    const parsed = definition.schema.safeParse(data);
    if (!parsed.success) {
      const members = { issues: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) };
      return Promise.reject(new Refused(400, 'invalid-request', describeIssues(parsed.error), members));
    }
    if (this.stopping) return Promise.reject(stopped());
    if (this.commandsQueued >= MOST_COMMANDS) {
      return Promise.reject(new Refused(503, 'overloaded', 'Too many requests wait; try again in a moment.'));
    }
    const fingerprint = createHash('sha256').update(JSON.stringify(parsed.data)).digest('base64url');
    // Without a key of the client's own, one for this process makes a commit whose answer was lost count once.
    const id = `${definition.eventName}/${idempotencyKey ?? `once/${randomUUID()}`}`;
    return this.command(definition, parsed.data, id, { id, fingerprint });
  }

  /** True once the consumer has reached the end offsets that it saw when its partitions were assigned. */
  get caughtUp(): boolean {
    return this.consumption.caughtUp;
  }

  async health(): Promise<PipelineHealth> {
    return { consuming: this.consumption.healthy, outboxAge: await this.publisher.age() };
  }

  /** The pool of this service's database, for reading (held messages, health). */
  get database(): pg.Pool {
    return this.pool;
  }

  /** Stops to take things in, finishes what is at hand, publishes it, and closes; also in the middle of its start. */
  stop(): Promise<void> {
    return (this.stopped ??= this.end());
  }

  private async end(): Promise<void> {
    this.stopping = true;
    this.unobserve();
    // From here on: what is awaited next can hang as well, where the database is away.
    const deadline = setTimeout(() => this.abort.abort(), STOP_DEADLINE_MS);
    await Promise.all(this.pollers.map((poller) => poller.stop()));
    await this.consumption.stop();
    await this.effects?.stop();
    this.isFed = false;
    this.queue.wake();
    await this.looping;
    clearTimeout(deadline);
    this.abort.abort();
    await this.effects?.giveUp();
    await this.publisher.stop(STOP_DEADLINE_MS);
    await this.pool.end();
  }

  private async loop(): Promise<void> {
    const { gathering = {} } = this.options;
    const batchSize = gathering.loadMs ? GATHERED_BATCH_SIZE : BATCH_SIZE;
    let pauseMs = 0;
    for (;;) {
      // Also while it stops: whoever looks for deadlines waits for those that it has found, and answers are on their way.
      if (this.isFed) await this.queue.something();
      else if (this.queue.size === 0) return;
      if (pauseMs > 0 && this.queue.size < batchSize && !this.stopping) await rest(pauseMs, this.abort.signal);
      // One turn of the event loop, so that all partitions of a fetch are in the same unit of work.
      await turn();
      const taken = this.queue.take(batchSize, this.stopping);
      const { inputs } = taken;
      const begun = performance.now();
      try {
        await this.batches?.handle(taken, this.consumption.expectation());
      } catch (error) {
        // Only an abort ends patience. Nothing was committed: records come again, commands are told, those that wait too.
        this.hasEnded = true;
        const left = this.queue.take(this.queue.size, true).inputs;
        for (const input of [...inputs, ...left]) if (input.kind === 'command') input.reject(error);
        return;
      }
      pauseMs = pauseAfter(inputs.length, performance.now() - begun, gathering);
      await this.publisher.room(this.abort.signal);
    }
  }

  /** What follows a commit: publish, perform, answer, move on. */
  private finish(inputs: readonly Input[], committed: Committed): void {
    crashPoint('after-commit');
    this.publisher.remember([...committed.looked, ...committed.before.map(({ id }) => id)]);
    this.publisher.enqueue(committed.outbox ? [...committed.before, committed.outbox] : committed.before);
    for (const input of inputs) {
      if (input.kind === 'effect') this.effects?.settled(input.effect);
      if (input.kind === 'held') this.heldQueued.delete(input.heldId);
    }
    if (committed.heldSoonMs !== undefined) this.holding?.soon(committed.heldSoonMs);
    this.effects?.add(committed.effects);
    this.queue.expedite(committed.awaited);
    this.consumption.moved(committed.positions);
    this.consumption.rewind(committed.rewind);
    for (const settle of committed.settle) settle();
  }

  private async lookForHeld(): Promise<void> {
    const due = await withClient(this.pool, (client) => dueHeld(runOn(client), HELD_ROWS));
    const fresh = due.filter(({ heldId }) => !this.heldQueued.has(heldId));
    for (const { heldId } of fresh) this.heldQueued.add(heldId);
    this.queue.push(fresh);
  }

  private dueLook(source: DueSource): DueLook {
    const ask = (sql: string, params: readonly unknown[]) => query<Record<string, unknown>>(this.pool, sql, params);
    const handle = async ({ command, data }: DueCommand): Promise<void> => {
      // A deadline that cannot be handled now is due still at the next look.
      await this.command(command, data, `${source.name}/${randomUUID()}`).catch((error: unknown) => {
        this.options.log.error(`The deadline ${command.eventName} failed`, {
          key: command.keyOf(data),
          reason: String(error),
        });
      });
    };
    return new DueLook(source, { consumption: this.consumption, ask, handle });
  }

  /** Queues a command; settles when its unit of work has committed. */
  private command(
    definition: CommandDefinition,
    data: unknown,
    id: string,
    inbox?: CommandInput['inbox'],
  ): Promise<Reply> {
    if (this.hasEnded) return Promise.reject(stopped());
    const key = definition.keyOf(data);
    const message: Message = { name: definition.eventName, id, key, body: { id, data }, trace: activeHeaders() };
    this.commandsQueued += 1;
    return new Promise<Reply>((resolve, reject) => {
      this.queue.push([{ kind: 'command', message, resolve, reject, ...(inbox && { inbox }) }]);
    }).finally(() => {
      this.commandsQueued -= 1;
    });
  }

  private poll(what: string, pauseMs: number, work: () => Promise<boolean | void>): Poller {
    const poller = new Poller(what, pauseMs, this.options.log, work);
    this.pollers.push(poller);
    poller.start();
    return poller;
  }

  private async heldByState(): Promise<ReadonlyMap<string, number>> {
    const rows = await query<{ state: string; count: string }>(
      this.pool,
      'select state, count(*) as count from held_message group by state',
    );
    return new Map(rows.map(({ state, count }) => [state, Number(count)]));
  }
}

const stopped = (): Refused => new Refused(503, 'stopping', 'The service is stopping; try again.');

const resultMessage = (effect: SavedEffect, result: unknown, trace: Headers): Message => {
  const { payload, key, kind, tries } = effect;
  return {
    name: `${kind}.result`,
    id: `${kind}/${key}`,
    key: subjectOf(effect),
    body: { key, payload, result, tries: tries + 1 },
    trace,
  };
};
