import { setTimeout as pause } from 'node:timers/promises';
import { pipelineMetrics } from '../telemetry/metrics.js';
import { backoff, reasonOf } from './errors.js';
import type { PipelineLog } from './log.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

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

/** Calls `work` again and again with a pause in between; errors are waited out. */
export class Poller {
  private readonly abort = new AbortController();
  private running: Promise<void> = Promise.resolve();

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

  async stop(): Promise<void> {
    this.abort.abort();
    await this.running;
  }

  private async loop(): Promise<void> {
    const { signal } = this.abort;
    while (!signal.aborted) {
      try {
        const more = await patiently(this.what, this.log, signal, this.work);
        if (!more) await rest(this.pauseMs, signal);
      } catch {
        // Only an abort ends patience, and the loop's condition sees it.
      }
    }
  }
}
