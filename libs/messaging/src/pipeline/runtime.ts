import { createHash, randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { CommandDefinition } from '../api/commands.js';
import { Refused, type Reply } from '../api/outcome.js';
import { StoreTables } from '../state/identity-map.js';
import { observePipeline, pipelineMetrics } from '../telemetry/metrics.js';
import { activeHeaders, beginBatchSpan, contextOf } from '../telemetry/tracing.js';
import type { Consumer, IncomingRecord, PartitionOffset, Transport } from '../transport/port.js';
import { describeIssues } from '../wire/cloud-events.js';
import { query, runOn, unitOfWorkPool, withClient } from './connection.js';
import { crashPoint } from './crash-points.js';
import { EffectWorker, type Performer } from './effect-worker.js';
import { classify } from './errors.js';
import { dueHeld } from './held-messages.js';
import type { CommandInput, HeldInput, Input, Message } from './inputs.js';
import type { PipelineLog } from './log.js';
import { patiently, Poller, rest } from './patience.js';
import { type DueSource, Pipeline, type SubmitOptions } from './pipeline.js';
import { partitionName, positionsOf } from './positions.js';
import { Publisher } from './publisher.js';
import { InputQueue } from './queue.js';
import type { Reactions } from './reactions.js';
import { type Committed, messageOf, type RetryPolicy, UnitOfWork } from './unit-of-work.js';
import { trace } from '@opentelemetry/api';

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
  /** Most messages in one unit of work. */
  readonly batchSize?: number;
}

/** How a pipeline is, for health checks. */
export interface PipelineHealth {
  readonly consuming: boolean;
  /** Age of the oldest committed event that is not published, seconds. */
  readonly outboxAge: number;
}

const RETRY: RetryPolicy = { tries: 6, firstPauseMs: 200, longestPauseMs: 10_000 };
const BATCH_SIZE = 2_000;
/** Size of the blocks in which ids of units of work are given out; the sequence's increment. */
const ID_BLOCK = 1_000;
const HELD_PAUSE_MS = 250;
const HELD_ROWS = 500;
const DUE_ROWS = 500;
const OFFSETS_PAUSE_MS = 1_000;
/** HTTP requests beyond this wait elsewhere. */
const MOST_COMMANDS = 10_000;
const STOP_DEADLINE_MS = 10_000;

/**
 * The pipeline of one service: gathers whatever is at hand (records, commands, results of effects, held messages, due
 * deadlines), handles it in one unit of work after another, and does what each leaves to be done after its commit.
 */
export class PipelineRuntime extends Pipeline {
  private readonly pool: pg.Pool;
  private readonly tables: StoreTables;
  private readonly queue = new InputQueue();
  private readonly publisher: Publisher;
  private readonly abort = new AbortController();
  private readonly pollers: Poller[] = [];
  /** Where this process stands in the partitions that it was assigned. */
  private readonly standing = new Map<string, PartitionOffset>();
  /** End offsets at assignment that are not reached yet: until then deadlines wait. */
  private readonly behind = new Map<string, bigint>();
  private readonly uncommittedOffsets = new Map<string, PartitionOffset>();
  /** Held messages that are queued already. */
  private readonly heldQueued = new Set<string>();
  private assigned = false;
  private stopping = false;
  private commandsQueued = 0;
  private ids = { next: 0n, end: 0n };
  private reactions: Reactions | undefined;
  private effects: EffectWorker | undefined;
  private consumer: Consumer | undefined;
  private looping: Promise<void> = Promise.resolve();
  private unobserve: () => void = () => undefined;

  constructor(private readonly options: PipelineOptions) {
    super();
    this.pool = unitOfWorkPool(options.databaseUrl, `baton-${options.service}`);
    this.tables = new StoreTables(options.dataSource);
    this.publisher = new Publisher(this.pool, options.transport, options.log, ID_BLOCK);
  }

  /** Begins to consume, to perform effects and to watch deadlines. */
  async start(reactions: Reactions, performers: readonly Performer[]): Promise<void> {
    const { log, service, transport, dueSources = [] } = this.options;
    this.reactions = reactions;
    this.effects = new EffectWorker(this.pool, log, performers, (row, result, headers) => {
      const { payload, key, id, kind, tries } = row;
      const orderId = (payload as { readonly orderId?: unknown } | null)?.orderId;
      const body = { key, payload, result, tries: tries + 1 };
      const message: Message = {
        name: `${kind}.result`,
        id: `${kind}/${key}`,
        key: typeof orderId === 'string' ? orderId : key,
        body,
        trace: headers,
      };
      this.queue.push([{ kind: 'effect', effectId: id, message }]);
    });
    this.looping = this.loop();
    this.publisher.start();
    this.effects.start();
    this.poll('Looking for held messages', HELD_PAUSE_MS, () => this.lookForHeld());
    if (reactions.topics.length > 0) {
      this.consumer = await transport.subscribe({
        group: `baton-${service}`,
        topics: reactions.topics,
        onAssigned: (ends) => this.onAssigned(ends),
        onRevoked: (partitions) => {
          this.queue.drop(partitions);
          for (const partition of partitions) {
            this.standing.delete(partitionName(partition));
            this.behind.delete(partitionName(partition));
          }
        },
        onRecords: (records) => this.onRecords(records),
      });
      this.poll('Committing offsets', OFFSETS_PAUSE_MS, () => this.commitOffsets());
    } else {
      this.assigned = true;
    }
    for (const source of dueSources) {
      this.poll(`Looking for ${source.name}`, source.pollMs, () => this.lookForDue(source));
    }
    this.unobserve = observePipeline(service, {
      lag: () => this.lag(),
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
    if (this.stopping) return Promise.reject(new Refused(503, 'stopping', 'The service is stopping; try again.'));
    if (this.commandsQueued >= MOST_COMMANDS) {
      return Promise.reject(new Refused(503, 'overloaded', 'Too many requests wait; try again in a moment.'));
    }
    const fingerprint = createHash('sha256').update(JSON.stringify(parsed.data)).digest('base64url');
    // Without a key of the client's own, one for this process makes a commit whose answer was lost count once.
    const id = `${definition.eventName}/${idempotencyKey ?? `once/${randomUUID()}`}`;
    return new Promise<Reply>((resolve, reject) => {
      this.commandsQueued += 1;
      const settled = <T>(settle: (value: T) => void) => (value: T) => {
        this.commandsQueued -= 1;
        settle(value);
      };
      this.queue.push([
        this.command(definition, parsed.data, id, settled(resolve), settled(reject), { id, fingerprint }),
      ]);
    });
  }

  /** True once the consumer has reached the end offsets that it saw when its partitions were assigned. */
  get caughtUp(): boolean {
    return this.assigned && this.behind.size === 0;
  }

  async health(): Promise<PipelineHealth> {
    return { consuming: this.consumer?.healthy ?? true, outboxAge: await this.publisher.age() };
  }

  /** The pool of this service's database, for reading (held messages, health). */
  get database(): pg.Pool {
    return this.pool;
  }

  /** Stops to take things in, finishes what is at hand, publishes it, and closes. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    this.unobserve();
    await Promise.all(this.pollers.map((poller) => poller.stop()));
    await this.consumer?.stop();
    await this.effects?.stop();
    const deadline = setTimeout(() => this.abort.abort(), STOP_DEADLINE_MS);
    this.queue.wake();
    await this.looping;
    clearTimeout(deadline);
    this.abort.abort();
    await this.publisher.stop(STOP_DEADLINE_MS);
    await this.pool.end();
  }

  private async loop(): Promise<void> {
    const { batchSize = BATCH_SIZE } = this.options;
    for (;;) {
      if (!this.stopping) await this.queue.something();
      if (this.stopping && this.queue.size === 0) return;
      // One turn of the event loop, so that all partitions of a fetch are in the same unit of work.
      await turn();
      const inputs = this.queue.take(batchSize);
      try {
        await this.work(inputs);
      } catch (error) {
        // Only an abort ends patience. Nothing was committed: records come again, commands are told.
        for (const input of inputs) if (input.kind === 'command') input.reject(error);
        return;
      }
      await this.publisher.room();
    }
  }

  /** Handles inputs, in one unit of work if the database takes them all, else in smaller ones. */
  private async work(inputs: readonly Input[]): Promise<void> {
    if (inputs.length === 0) return;
    const { signal } = this.abort;
    const state: { condemned?: unknown } = {};
    await patiently('The database', this.options.log, signal, async () => {
      for (;;) {
        try {
          await this.finish(inputs, await this.attempt(inputs, state));
          return;
        } catch (error) {
          const fault = classify(error, (constraint) => this.tables.isPrimaryKey(constraint));
          if (fault === 'infrastructure') throw error;
          if (fault === 'conflict') await rest(Math.random() * 20, signal);
          else if (inputs.length > 1) {
            const half = Math.ceil(inputs.length / 2);
            await this.work(inputs.slice(0, half));
            await this.work(inputs.slice(half));
            return;
          } else if ('condemned' in state) throw error;
          else state.condemned = error;
        }
      }
    });
  }

  private async attempt(inputs: readonly Input[], state: { readonly condemned?: unknown }): Promise<Committed> {
    const reactions = this.reactions;
    if (!reactions) throw new Error('The pipeline was not started.');
    const published = this.publisher.takePublished();
    const begun = performance.now();
    const span = beginBatchSpan('unit of work', { 'baton.service': this.options.service, 'messaging.batch.message_count': inputs.length });
    try {
      const committed = await withClient(this.pool, async (client) => {
        const unit = new UnitOfWork(
          client,
          {
            tables: this.tables,
            reactions,
            retry: { ...RETRY, ...this.options.retry },
            now: () => new Date().toISOString(),
          },
          {
            inputs,
            id: await this.nextId(client),
            expected: new Map([...this.standing].map(([name, { offset }]) => [name, offset])),
            published,
            isKnown: this.publisher.isKnown,
            ...state,
          },
        );
        return unit.execute();
      });
      if (span.isRecording()) for (const input of inputs) link(span, messageOf(input));
      pipelineMetrics.duration.record((performance.now() - begun) / 1_000, { service: this.options.service });
      pipelineMetrics.batchSize.record(inputs.length, { service: this.options.service });
      return committed;
    } catch (error) {
      this.publisher.giveBack(published);
      throw error;
    } finally {
      span.end();
    }
  }

  /** What follows a commit: publish, perform, answer, move on. */
  private async finish(inputs: readonly Input[], committed: Committed): Promise<void> {
    crashPoint('after-commit');
    this.publisher.remember(committed.looked);
    this.publisher.enqueue(committed.outbox ? [...committed.before, committed.outbox] : committed.before);
    for (const input of inputs) {
      if (input.kind === 'effect') this.effects?.settled(input.effectId);
      if (input.kind === 'held') this.heldQueued.delete(input.heldId);
    }
    this.effects?.add(committed.effects);
    for (const position of committed.positions) {
      const name = partitionName(position);
      if (!this.standing.has(name)) continue;
      this.standing.set(name, position);
      this.uncommittedOffsets.set(name, position);
      this.reached(position);
    }
    if (committed.rewind.length > 0) {
      this.options.log.warn('The database was set back; its partitions are read again from there', {
        partitions: committed.rewind.map((position) => `${partitionName(position)}@${position.offset}`),
      });
      this.queue.drop(committed.rewind);
      for (const position of committed.rewind) {
        this.standing.set(partitionName(position), position);
        this.consumer?.seek(position);
      }
    }
    for (const settle of committed.settle) settle();
  }

  private async nextId(client: pg.PoolClient): Promise<string> {
    if (this.ids.next >= this.ids.end) {
      const { rows } = await runOn(client)("select nextval('unit_of_work_id')", []);
      const first = BigInt(rows[0]?.[0] as string);
      this.publisher.addBlock(first);
      this.ids = { next: first, end: first + BigInt(ID_BLOCK) };
    }
    const id = this.ids.next;
    this.ids.next += 1n;
    return id.toString();
  }

  private async onAssigned(ends: readonly PartitionOffset[]): Promise<readonly PartitionOffset[]> {
    this.queue.drop(ends);
    const positions = await patiently('The database', this.options.log, this.abort.signal, () =>
      withClient(this.pool, (client) => positionsOf(runOn(client), ends)),
    );
    for (const position of positions) this.standing.set(partitionName(position), position);
    for (const end of ends) this.behind.set(partitionName(end), end.offset);
    for (const position of positions) this.reached(position);
    this.assigned = true;
    return positions;
  }

  private reached(position: PartitionOffset): void {
    const name = partitionName(position);
    const end = this.behind.get(name);
    if (end !== undefined && position.offset >= end) this.behind.delete(name);
  }

  private async onRecords(records: readonly IncomingRecord[]): Promise<void> {
    this.queue.push(records.map((record) => ({ kind: 'record', record })));
    await this.queue.room();
  }

  private async commitOffsets(): Promise<boolean> {
    const offsets = [...this.uncommittedOffsets.values()];
    this.uncommittedOffsets.clear();
    // Only tools look at these: the positions in the database are what counts, so that a failure is no matter.
    if (offsets.length > 0) await this.consumer?.commit(offsets).catch(() => undefined);
    return false;
  }

  private async lookForHeld(): Promise<boolean> {
    const due = await withClient(this.pool, (client) => dueHeld(runOn(client), HELD_ROWS));
    const fresh = due.filter(({ heldId }) => !this.heldQueued.has(heldId));
    for (const { heldId } of fresh) this.heldQueued.add(heldId);
    this.queue.push(fresh satisfies HeldInput[]);
    return false;
  }

  private async lookForDue(source: DueSource): Promise<boolean> {
    if (!this.caughtUp) return false;
    const ask = (sql: string, params: readonly unknown[]) => query<Record<string, unknown>>(this.pool, sql, params);
    const due = await source.next(ask, new Date().toISOString(), DUE_ROWS);
    await Promise.all(
      due.map(
        ({ command, data }) =>
          new Promise<void>((resolve) => {
            // A deadline that cannot be handled now is due still at the next look.
            const failed = (error: unknown) => {
              this.options.log.error(`The deadline ${command.eventName} failed`, { reason: String(error) });
              resolve();
            };
            this.queue.push([this.command(command, data, `${source.name}/${randomUUID()}`, () => resolve(), failed)]);
          }),
      ),
    );
    return due.length === DUE_ROWS;
  }

  private command(
    definition: CommandDefinition,
    data: unknown,
    id: string,
    resolve: (reply: Reply) => void,
    reject: (error: unknown) => void,
    inbox?: CommandInput['inbox'],
  ): CommandInput {
    const message: Message = {
      name: definition.eventName,
      id,
      key: definition.keyOf(data),
      body: { id, data },
      trace: activeHeaders(),
    };
    return { kind: 'command', message, resolve, reject, ...(inbox && { inbox }) };
  }

  private poll(what: string, pauseMs: number, work: () => Promise<boolean>): void {
    const poller = new Poller(what, pauseMs, this.options.log, work);
    this.pollers.push(poller);
    poller.start();
  }

  private async lag(): Promise<ReadonlyMap<string, number>> {
    const lags = new Map<string, number>();
    for (const { topic, partition, offset, lag } of (await this.consumer?.lag()) ?? []) {
      const end = offset + lag;
      const standing = this.standing.get(partitionName({ topic, partition }))?.offset ?? offset;
      lags.set(topic, (lags.get(topic) ?? 0) + Number(end > standing ? end - standing : 0n));
    }
    return lags;
  }

  private async heldByState(): Promise<ReadonlyMap<string, number>> {
    const rows = await query<{ state: string; count: string }>(
      this.pool,
      'select state, count(*) as count from held_message group by state',
    );
    return new Map(rows.map(({ state, count }) => [state, Number(count)]));
  }
}

const link = (span: ReturnType<typeof beginBatchSpan>, message: Message | undefined): void => {
  const parent = message && trace.getSpanContext(contextOf(message.trace));
  if (parent) span.addLink({ context: parent });
};
