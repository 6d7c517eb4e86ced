import { setTimeout as sleep } from 'node:timers/promises';

/** Pauses that grow: `firstMs`, doubled each time up to `maxMs`, each shortened by up to a fifth so that many clients spread. */
export class Backoff {
  #nextMs: number;

  constructor(
    private readonly firstMs: number,
    private readonly maxMs: number,
  ) {
    this.#nextMs = firstMs;
  }

  reset(): void {
    this.#nextMs = this.firstMs;
  }

  /** Resolves after the next pause, or at once when the signal is aborted. */
  async pause(signal?: AbortSignal): Promise<void> {
    const ms = this.#nextMs * (1 - Math.random() / 5);
    this.#nextMs = Math.min(this.#nextMs * 2, this.maxMs);
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}

/**
 * Calls `work` until it succeeds, with growing pauses.
 * @param giveUp tells an error that no waiting cures; it is thrown
 * @throws what `giveUp` named, or the last error once the signal is aborted
 */
export async function patiently<Result>(
  work: () => Promise<Result>,
  options: {
    readonly giveUp: (error: unknown) => boolean;
    readonly onFailure: (error: unknown) => void;
    readonly signal?: AbortSignal | undefined;
    readonly firstMs?: number;
    readonly maxMs?: number;
  },
): Promise<Result> {
  const backoff = new Backoff(options.firstMs ?? 100, options.maxMs ?? 3_000);
  const aborted = (): boolean => options.signal?.aborted === true;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (aborted() || options.giveUp(error)) throw error;
      options.onFailure(error);
      await backoff.pause(options.signal);
      if (aborted()) throw error;
    }
  }
}
