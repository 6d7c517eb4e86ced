import type pg from 'pg';
import { pipelineMetrics } from '../telemetry/metrics.js';
import { beginBatchSpan, fail, linkTo } from '../telemetry/tracing.js';
import type { Committed, Task, UnitOfWorkParts } from './task.js';
import { runOn, withClient } from './connection.js';
import { classify, DatabaseFault, MessageFault } from './errors.js';
import { type Input, messageOf } from './inputs.js';
import { patiently, rest } from './patience.js';
import type { Publisher } from './publisher.js';
import { halves, type Taken } from './taken.js';
import type { UnitIds } from './unit-ids.js';
import { UnitOfWork } from './unit-of-work.js';

/** What batches are handled with, the same for all of a process. */
export interface BatchParts extends Omit<UnitOfWorkParts, 'now'> {
  readonly pool: pg.Pool;
  readonly ids: UnitIds;
  readonly publisher: Publisher;
  /** Ends the patience with a database that is away. */
  readonly signal: AbortSignal;
  /** What follows each commit. */
  readonly finish: (inputs: readonly Input[], committed: Committed) => void;
}

/** What was learned of a batch of one message that is tried once more. */
type Lesson = Pick<Task, 'condemned' | 'muted'>;

const now = (): string => new Date().toISOString();

/** Handles batches of inputs, each in one unit of work if the database takes them all, else in smaller ones. */
export class Batches {
  constructor(private readonly parts: BatchParts) {}

  /**
   * Resolves when all of it is committed, by itself or put aside; waits for a database that is away.
   * @param expected where the consumer stood when they were taken
   * @throws the last error when the signal aborts
   */
  async handle(taken: Taken, expected: Task['expected']): Promise<void> {
    const { inputs } = taken;
    if (inputs.length === 0) return;
    const { signal, log, finish } = this.parts;
    let lesson: Lesson = {};
    await patiently('The database', log, signal, async () => {
      for (;;) {
        try {
          finish(inputs, await this.attempt({ ...taken, expected }, lesson));
          return;
        } catch (error) {
          const fault = this.faultOf(error);
          if (fault === 'infrastructure') throw error;
          if (fault === 'conflict') await rest(Math.random() * 20, signal);
          else if (inputs.length > 1) {
            for (const half of halves(taken)) await this.handle(half, expected);
            return;
          }
          // It may be the notice that its key waits, else what its reaction asked for, else both.
          else if (!('muted' in lesson)) lesson = { ...lesson, muted: error };
          else if (!('condemned' in lesson)) lesson = { condemned: error };
          else throw error;
        }
      }
    });
  }

  private async attempt(taken: Taken & Pick<Task, 'expected'>, lesson: Lesson): Promise<Committed> {
    const { inputs } = taken;
    const { service, owner, tables, reactions, retry, log, pool, ids, publisher } = this.parts;
    const published = publisher.takePublished();
    const begun = performance.now();
    const span = beginBatchSpan('unit of work', {
      'baton.service': service,
      'messaging.batch.message_count': inputs.length,
    });
    let id: string | undefined;
    try {
      const committed = await withClient(pool, async (client) => {
        id = await ids.next(runOn(client));
        const { isKnown } = publisher;
        const parts = { service, owner, tables, reactions, retry, log, now };
        const unit = new UnitOfWork(client, parts, { ...taken, id, published, isKnown, ...lesson });
        return unit.execute().catch((error: unknown) => {
          throw error instanceof DatabaseFault ? error : new MessageFault(error);
        });
      });
      pipelineMetrics.duration.record((performance.now() - begun) / 1_000, { service });
      pipelineMetrics.batchSize.record(inputs.length, { service });
      return committed;
    } catch (error) {
      publisher.giveBack(published);
      const fault = this.faultOf(error);
      if (id !== undefined && fault === 'infrastructure') ids.doubt(id);
      // What the database says of a row may name a person.
      fail(span, error, fault);
      throw error;
    } finally {
      if (span.isRecording()) for (const input of inputs) linkTo(span, messageOf(input)?.trace);
      span.end();
    }
  }

  private faultOf(error: unknown) {
    return classify(error, (constraint) => this.parts.tables.isPrimaryKey(constraint));
  }
}
