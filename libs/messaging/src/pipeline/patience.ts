import { setTimeout as pause } from 'node:timers/promises';
import { pipelineMetrics } from '../telemetry/metrics.js';
import { backoff, reasonOf } from './errors.js';
import type { PipelineLog } from './log.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
const AGAIN_MS = 20;

/** Waits `ms`, or until the signal aborts, whichever comes first; never throws. */
export const rest = async (ms: number, signal: AbortSignal): Promise<void> => {
  await pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
};

/**
 * Endless patience with the infrastructure: does `work` until it succeeds, with growing pauses, and says once that it
 * waits and once that it goes on.
 * @throws the last error when `signal` aborts
 */
export const patiently = async <T>(
  what: string,
  log: PipelineLog,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> => {
  for (let tries = 0; ; tries += 1) {
    try {
      const result = await work();
      if (tries > 0) log.info(`${what} works again`, { tries });
      return result;
    } catch (error) {
      if (signal.aborted) throw error;
      pipelineMetrics.patience.add(1, { what });
      if (tries === 0) log.warn(`${what} does not work, waiting`, { reason: reasonOf(error) });
      await rest(backoff(tries, FIRST_PAUSE_MS, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2), signal);
      if (signal.aborted) throw error;
    }
  }
};

/**
 * Calls `work` again and again with a pause in between; errors are waited out. The pause is for what other processes
 * leave behind: who knows that there will be something to do says so with `soon`.
 */
export class Poller {
  private readonly abort = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private pause: AbortController | undefined;
  private timer: NodeJS.Timeout | undefined;
  private lookAt = Number.POSITIVE_INFINITY;

  /** @param work returns true when there is more to do at once */
  constructor(
    private readonly what: string,
    private readonly pauseMs: number,
    private readonly log: PipelineLog,
    private readonly work: () => Promise<boolean | void>,
  ) {}

  start(): void {
    this.running = this.loop();
  }

  /** The next look is at most this far away, milliseconds. */
  soon(inMs: number): void {
    const at = performance.now() + inMs;
    if (at >= this.lookAt || this.abort.signal.aborted) return;
    this.lookAt = at;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), inMs).unref();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    clearTimeout(this.timer);
    this.pause?.abort();
    await this.running;
  }

  private look(): void {
    this.lookAt = Number.POSITIVE_INFINITY;
    if (this.pause) this.pause.abort();
    // It looks at this very moment, and may have looked past what this is about.
    else this.soon(AGAIN_MS);
  }

  private async loop(): Promise<void> {
    const { signal } = this.abort;
    while (!signal.aborted) {
      try {
        const more = await patiently(this.what, this.log, signal, this.work);
        if (more || signal.aborted) continue;
        this.pause = new AbortController();
        await rest(this.pauseMs, this.pause.signal);
        this.pause = undefined;
      } catch {
        // Only an abort ends patience, and the loop's condition sees it.
      }
    }
  }
}
