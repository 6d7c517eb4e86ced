import { SpanKind } from '@opentelemetry/api';
import type pg from 'pg';
import type { EffectCall, EffectDefinition } from '../api/effects.js';
import { pipelineMetrics } from '../telemetry/metrics.js';
import { beginSpan, fail } from '../telemetry/tracing.js';
import type { Run } from '../state/store-table.js';
import type { Headers } from '../transport/port.js';
import { runOn, withClient } from './connection.js';
import { crashPoint } from './crash-points.js';
import {
  claimEffects,
  type EffectName,
  type EffectRow,
  effectText,
  freeAbandoned,
  giveBack,
  giveUp,
  keepAlive,
  OWNER_LEASE_MS,
  ownedEffects,
  postponeEffect,
  subjectOf,
} from './effect-rows.js';
import { backoff, reasonOf } from './errors.js';
import type { PipelineLog } from './log.js';
import { patiently, Poller } from './patience.js';

/** Makes the call that an effect stands for. */
export interface Performer {
  readonly effect: EffectDefinition<unknown, unknown>;
  readonly perform: (call: EffectCall<unknown>) => Promise<unknown>;
}

/** Takes the answer of an effect to its reaction. */
export type OnResult = (row: EffectRow, result: unknown, trace: Headers) => void;

/** For effects of processes that are gone; this one knows when its own are due again. */
const CLAIM_PAUSE_MS = 2_000;
const CLAIM_ROWS = 500;

interface Lane {
  readonly performer: Performer;
  readonly waiting: EffectRow[];
  open: number;
}

/**
 * Performs effects after their unit of work has committed. Each kind has its own lane with a bounded number of open
 * calls. A call without an answer is given back to the table with a pause; whoever claims it next makes the same call
 * under the same key.
 */
export class EffectWorker {
  private readonly lanes: ReadonlyMap<string, Lane>;
  /** Claimed by this process: waiting, open, or answered and not yet committed. */
  private readonly claimed = new Set<string>();
  /** On their way back to the table. */
  private readonly leaving = new Set<string>();
  /** Owned by this process at the last look, by the database, and not known here. */
  private unknown: ReadonlySet<string> = new Set();
  private readonly abort = new AbortController();
  private readonly calls = new Set<Promise<void>>();
  private readonly claiming: Poller;
  private readonly pollers: readonly Poller[];

  constructor(
    private readonly pool: pg.Pool,
    private readonly log: PipelineLog,
    private readonly owner: string,
    performers: readonly Performer[],
    private readonly onResult: OnResult,
  ) {
    this.lanes = new Map(
      performers.map((performer) => [performer.effect.effectName, { performer, waiting: [], open: 0 }]),
    );
    this.claiming = new Poller('Looking for effects', CLAIM_PAUSE_MS, log, async () => {
      const rows = await this.withRun((run) => claimEffects(run, owner, CLAIM_ROWS));
      this.add(rows);
      return rows.length === CLAIM_ROWS;
    });
    this.pollers = [
      this.claiming,
      new Poller('Keeping effects', OWNER_LEASE_MS / 3, log, () =>
        this.withRun(async (run) => {
          await keepAlive(run, owner);
          await freeAbandoned(run);
          await this.freeForgotten(run);
        }),
      ),
    ];
  }

  /** Shows a first sign of life, before any effect can be this process'. */
  async start(): Promise<void> {
    if (this.lanes.size === 0) return;
    await patiently('The database', this.log, this.abort.signal, () =>
      this.withRun((run) => keepAlive(run, this.owner)),
    );
    for (const poller of this.pollers) poller.start();
  }

  /** Performs effects that this process has claimed. */
  add(rows: readonly EffectRow[]): void {
    for (const row of rows) {
      const lane = this.lanes.get(row.kind);
      if (!lane) {
        this.log.error(`Nothing performs the effect ${row.kind}; it waits until a version that does is started.`);
        continue;
      }
      if (this.claimed.has(effectText(row))) continue;
      this.claimed.add(effectText(row));
      lane.waiting.push(row);
      this.fill(lane);
    }
  }

  /** The row of an effect is gone: its result was taken in. */
  settled(effect: EffectName): void {
    this.claimed.delete(effectText(effect));
  }

  /** Aborts open calls and gives all claims back. */
  async stop(): Promise<void> {
    this.abort.abort();
    await Promise.all(this.pollers.map((poller) => poller.stop()));
    await Promise.all(this.calls);
    if (this.lanes.size > 0) await this.withRun((run) => giveUp(run, this.owner)).catch(() => undefined);
  }

  private fill(lane: Lane): void {
    while (!this.abort.signal.aborted && lane.open < lane.performer.effect.options.concurrency) {
      const row = lane.waiting.shift();
      if (!row) return;
      lane.open += 1;
      const call = this.perform(lane.performer, row).finally(() => {
        lane.open -= 1;
        this.calls.delete(call);
        this.fill(lane);
      });
      this.calls.add(call);
    }
  }

  private async perform({ effect, perform }: Performer, row: EffectRow): Promise<void> {
    const { timeoutMs, initialBackoffMs, maxBackoffMs } = effect.options;
    const traced = beginSpan(`perform ${row.kind}`, row.trace, SpanKind.INTERNAL, {
      'baton.key': subjectOf(row),
      'baton.effect.key': row.key,
      'baton.effect.attempt': row.tries + 1,
    });
    const begun = performance.now();
    try {
      const call = new Call(row, timeoutMs, this.abort.signal);
      const result = await traced.within(() => perform(call));
      crashPoint('after-effect');
      pipelineMetrics.effects.add(1, { effect: row.kind, answered: true });
      this.onResult(row, result, traced.headers);
    } catch (error) {
      fail(traced.span, error);
      pipelineMetrics.effects.add(1, { effect: row.kind, answered: false });
      if (!this.abort.signal.aborted) {
        const pause = backoff(row.tries, initialBackoffMs, maxBackoffMs) * (0.75 + Math.random() / 2);
        await this.postpone(row, pause, reasonOf(error));
        this.claiming.soon(pause);
      }
    } finally {
      pipelineMetrics.effectDuration.record((performance.now() - begun) / 1_000, { effect: row.kind });
      traced.span.end();
    }
  }

  /** Gives an effect back, however long the database is away: while this process lives, nobody else would take it. */
  private async postpone(row: EffectRow, pauseMs: number, reason: string): Promise<void> {
    const text = effectText(row);
    this.leaving.add(text);
    this.claimed.delete(text);
    const write = () => this.withRun((run) => postponeEffect(run, row, pauseMs, reason));
    // Only a stop ends patience, and gives everything back.
    await patiently('Postponing effects', this.log, this.abort.signal, write).catch(() => undefined);
    this.leaving.delete(text);
  }

  /**
   * A commit whose answer was lost leaves effects that belong to this process and that it has never heard of. Whatever
   * is unknown in two looks is one of those: what is about to be told is known at the second, and what is done is gone.
   */
  private async freeForgotten(run: Run): Promise<void> {
    const unknown = (await ownedEffects(run, this.owner)).filter((effect) => {
      const text = effectText(effect);
      return this.lanes.has(effect.kind) && !this.claimed.has(text) && !this.leaving.has(text);
    });
    const forgotten = unknown.filter((effect) => this.unknown.has(effectText(effect)));
    this.unknown = new Set(unknown.map(effectText));
    if (forgotten.length === 0) return;
    this.log.warn('Effects of a commit without an answer are taken up', { effects: forgotten.length });
    await giveBack(run, this.owner, forgotten);
    this.claiming.soon(0);
  }

  private withRun<T>(work: (run: Run) => Promise<T>): Promise<T> {
    return withClient(this.pool, (client) => work(runOn(client)));
  }
}

/** One try; its signal is made only for those who look at it. */
class Call implements EffectCall<unknown> {
  readonly payload: unknown;
  readonly key: string;
  readonly attempt: number;
  private made: AbortSignal | undefined;

  constructor(
    { payload, key, tries }: EffectRow,
    private readonly timeoutMs: number,
    private readonly stopping: AbortSignal,
  ) {
    this.payload = payload;
    this.key = key;
    this.attempt = tries + 1;
  }

  get signal(): AbortSignal {
    this.made ??= AbortSignal.any([AbortSignal.timeout(this.timeoutMs), this.stopping]);
    return this.made;
  }
}
