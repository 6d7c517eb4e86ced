import { SpanKind } from '@opentelemetry/api';
import type pg from 'pg';
import type { EffectCall, EffectDefinition } from '../api/effects.js';
import { pipelineMetrics } from '../telemetry/metrics.js';
import { beginSpan, fail, type Traced, unseenSpan } from '../telemetry/tracing.js';
import type { Run } from '../state/rows.js';
import type { Headers } from '../transport/port.js';
import { runOn, withClient } from './connection.js';
import { crashPoint } from './crash-points.js';
import { type EffectName, effectText, placeText, type SavedEffect, subjectOf } from './effect.js';
import {
  freeAbandoned,
  giveBack,
  giveUp,
  keepAlive,
  OWNER_LEASE_MS,
  ownedPlaces,
  postponeEffect,
} from './effect-places.js';
import { claimRows } from './effect-rows.js';
import { backoff, reasonOf } from './errors.js';
import type { PipelineLog } from './log.js';
import { patiently, Poller } from './patience.js';

/** Makes the call that an effect stands for. */
export interface Performer {
  readonly effect: EffectDefinition<unknown, unknown>;
  readonly perform: (call: EffectCall<unknown, unknown>) => Promise<unknown>;
}

/** Takes the answer of an effect to its reaction. */
export type OnResult = (effect: SavedEffect, result: unknown, trace: Headers) => void;

/** For effects of processes that are gone; this one knows when its own are due again. */
const CLAIM_PAUSE_MS = 2_000;
const CLAIM_ROWS = 500;
/**
 * Effects of a process that wait with what their performers would read at hand; a kilobyte or two each. More wait only
 * when the world is slow, and are read when it is their turn.
 */
export const MOST_AT_HAND = 5_000;

interface Lane {
  readonly performer: Performer;
  /** In the order in which they came; there can be thousands, which a list would move up for each that leaves it. */
  readonly waiting: Set<SavedEffect>;
  open: number;
}

/**
 * Performs effects after their unit of work has committed. Each kind has its own lane with a bounded number of open
 * calls. A call without an answer is given back, to be tried after a pause; whoever claims it then makes the same call
 * under the same key.
 */
export class EffectWorker {
  private readonly lanes: ReadonlyMap<string, Lane>;
  /** This process', by name: waiting, open, or answered and not yet committed. */
  private readonly claimed = new Map<string, SavedEffect>();
  /** Had no answer, and are on their way to rows that anybody may claim. */
  private readonly leaving = new Set<SavedEffect>();
  /** Effects in the lanes that have at hand what their performers would read. */
  private atHand = 0;
  /** Owned by this process at the last look, by the database, and not known here. */
  private unknown: ReadonlySet<string> = new Set();
  private readonly abort = new AbortController();
  /** The open ones, each with its end. */
  private readonly calls = new Map<Call, Promise<void>>();
  private readonly claiming: Poller;
  private readonly keeping: Poller;

  constructor(
    private readonly pool: pg.Pool,
    private readonly log: PipelineLog,
    private readonly owner: string,
    performers: readonly Performer[],
    private readonly onResult: OnResult,
  ) {
    this.lanes = new Map(
      performers.map((performer) => [performer.effect.effectName, { performer, waiting: new Set(), open: 0 }]),
    );
    this.claiming = new Poller('Looking for effects', CLAIM_PAUSE_MS, log, async () => {
      const rows = await this.withRun((run) => claimRows(run, owner, CLAIM_ROWS));
      this.add(rows);
      return rows.length === CLAIM_ROWS;
    });
    this.keeping = new Poller('Keeping effects', OWNER_LEASE_MS / 3, log, () =>
      this.withRun(async (run) => {
        await keepAlive(run, owner);
        await freeAbandoned(run);
        await this.freeForgotten(run);
      }),
    );
  }

  /** Shows a first sign of life, before any effect can be this process'. */
  async start(): Promise<void> {
    if (this.lanes.size === 0) return;
    await patiently('The database', this.log, this.abort.signal, () =>
      this.withRun((run) => keepAlive(run, this.owner)),
    );
    this.claiming.start();
    this.keeping.start();
  }

  /**
   * Performs effects that are this process'. A second one under a name that has no answer yet is not performed: the
   * answer of the first takes both. More is not guarded here. While the first waits for a new try in a row of its own,
   * or with another process, the world gets the call again under the same key, and the reaction its answer. What makes
   * an effect be asked for once is the record of whoever asks, and does so on a change of state alone (the simulation
   * in `test/` stops at a second time); to look for its name at each commit would guard the same twice, at the price of
   * an index entry an effect.
   */
  add(effects: readonly SavedEffect[]): void {
    for (const effect of effects) {
      const known = this.claimed.get(effectText(effect));
      if (known) {
        known.places.push(...effect.places);
        continue;
      }
      this.claimed.set(effectText(effect), effect);
      const lane = this.lanes.get(effect.kind);
      if (!lane) {
        effect.atHand?.drop();
        this.log.error(`Nothing performs the effect ${effect.kind}; it waits until a version that does is started.`);
        continue;
      }
      if (effect.atHand) {
        if (this.atHand < MOST_AT_HAND) this.atHand += 1;
        else effect.atHand.drop();
      }
      lane.waiting.add(effect);
      this.fill(lane);
    }
  }

  /** The result of an effect was taken in, or had been before. */
  settled(effect: EffectName): void {
    this.claimed.delete(effectText(effect));
  }

  /** Aborts open calls and begins no more; what has answered is still this process' to take in. */
  async stop(): Promise<void> {
    this.abort.abort();
    for (const call of this.calls.keys()) call.abort(this.abort.signal.reason);
    await this.claiming.stop();
    await Promise.all(this.calls.values());
  }

  /** Gives everything back that this process has not taken an answer in of; called once it takes in no more. */
  async giveUp(): Promise<void> {
    await this.keeping.stop();
    if (this.lanes.size > 0) await this.withRun((run) => giveUp(run, this.owner)).catch(() => undefined);
  }

  private fill(lane: Lane): void {
    while (!this.abort.signal.aborted && lane.open < lane.performer.effect.options.concurrency) {
      const [next] = lane.waiting;
      if (!next) return;
      lane.waiting.delete(next);
      if (next.atHand?.reading !== undefined) this.atHand -= 1;
      lane.open += 1;
      const call = new Call(next, lane.performer.effect.options.timeoutMs);
      this.calls.set(call, this.perform(lane, next, call));
    }
  }

  private async perform(lane: Lane, saved: SavedEffect, call: Call): Promise<void> {
    const { effect, perform } = lane.performer;
    const { initialBackoffMs, maxBackoffMs } = effect.options;
    const traced = unseenSpan(saved.trace) ?? beginPerforming(saved);
    const begun = performance.now();
    // Before anything that waits for the database.
    const told = (answered: boolean): void => {
      pipelineMetrics.effects.add(1, { effect: saved.kind, answered });
      pipelineMetrics.effectDuration.record((performance.now() - begun) / 1_000, { effect: saved.kind });
      traced.span.end();
    };
    try {
      const result = asSaid(await traced.within(() => perform(call)));
      crashPoint('after-effect');
      this.onResult(saved, result, traced.headers);
      told(true);
    } catch (error) {
      fail(traced.span, error);
      told(false);
      if (!this.abort.signal.aborted) {
        const pause = backoff(saved.tries, initialBackoffMs, maxBackoffMs) * (0.75 + Math.random() / 2);
        await this.postpone(saved, pause, reasonOf(error));
        this.claiming.soon(pause);
      }
    } finally {
      lane.open -= 1;
      call.end();
      this.calls.delete(call);
      this.fill(lane);
    }
  }

  /** Gives an effect back, however long the database is away: while this process lives, nobody else would take it. */
  private async postpone(saved: SavedEffect, pauseMs: number, reason: string): Promise<void> {
    this.leaving.add(saved);
    this.claimed.delete(effectText(saved));
    const write = () => this.withRun((run) => postponeEffect(run, saved, pauseMs, reason));
    // Only a stop ends patience, and then everything is given back.
    await patiently('Postponing effects', this.log, this.abort.signal, write).catch(() => undefined);
    this.leaving.delete(saved);
  }

  /**
   * A commit whose answer was lost leaves effects that belong to this process and that it has never heard of. Whatever
   * is unknown in two looks is one of those: what is about to be told is known at the second, and what is done is gone.
   */
  private async freeForgotten(run: Run): Promise<void> {
    const owned = await ownedPlaces(run, this.owner);
    const known = new Set([...this.claimed.values(), ...this.leaving].flatMap(({ places }) => places.map(placeText)));
    const unknown = owned.filter((place) => !known.has(placeText(place)));
    const forgotten = unknown.filter((place) => this.unknown.has(placeText(place)));
    this.unknown = new Set(unknown.map(placeText));
    if (forgotten.length === 0) return;
    this.log.warn('Effects of a commit without an answer are taken up', { effects: forgotten.length });
    await giveBack(run, this.owner, forgotten);
    this.claiming.soon(0);
  }

  private withRun<T>(work: (run: Run) => Promise<T>): Promise<T> {
    return withClient(this.pool, (client) => work(runOn(client)));
  }
}

/**
 * An answer as a message says it, so that its reaction sees the same when it is kept and tried again.
 * @throws where JSON cannot say it: who takes it in could neither handle it nor put it aside
 */
const asSaid = (result: unknown): unknown => (result === undefined ? result : JSON.parse(JSON.stringify(result)));

const beginPerforming = (saved: SavedEffect): Traced =>
  beginSpan(`perform ${saved.kind}`, saved.trace, SpanKind.INTERNAL, {
    'baton.key': subjectOf(saved),
    'baton.effect.key': saved.key,
    'baton.effect.attempt': saved.tries + 1,
  });

/** One try; its signal is made only for those who look at it, and its timer ends with it. */
class Call implements EffectCall<unknown, unknown> {
  readonly payload: unknown;
  readonly key: string;
  readonly attempt: number;
  private made: AbortController | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly effect: SavedEffect,
    private readonly timeoutMs: number,
  ) {
    const { payload, key, tries } = effect;
    this.payload = payload;
    this.key = key;
    this.attempt = tries + 1;
  }

  get atHand(): unknown {
    return this.effect.atHand?.reading;
  }

  get signal(): AbortSignal {
    if (!this.made) {
      this.made = new AbortController();
      const late = () => this.abort(new DOMException(`No answer after ${this.timeoutMs} ms.`, 'TimeoutError'));
      this.timer = setTimeout(late, this.timeoutMs).unref();
    }
    return this.made.signal;
  }

  abort(reason: unknown): void {
    this.made ??= new AbortController();
    this.made.abort(reason);
  }

  end(): void {
    this.effect.atHand?.drop();
    clearTimeout(this.timer);
  }
}
