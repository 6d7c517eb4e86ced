import { noAnswer } from './kafka-errors.js';

/** How often it is looked at most, milliseconds. */
const LOOK_MS = 5_000;

/**
 * Gives up what shows no sign of life. kafkajs has waits that nobody ends, such as for a request on a connection that
 * was given up in the same moment; whoever stands behind one of those would stand for ever.
 */
export class Pulse {
  /** By a clock that nobody sets. */
  #last = performance.now();

  /** @param silenceMs the longest that nothing may be heard, milliseconds */
  constructor(private readonly silenceMs: number) {}

  beat(): void {
    this.#last = performance.now();
  }

  /**
   * Waits for `work`, for as long as it is heard of; its start is a first sign.
   * @param what is named in the error
   * @throws as `work` does, or after silence as if a connection had been lost
   */
  async watch<Result>(what: string, work: Promise<Result>): Promise<Result> {
    this.beat();
    const silence = Promise.withResolvers<never>();
    const look = setInterval(
      () => {
        if (performance.now() - this.#last > this.silenceMs) silence.reject(noAnswer(what));
      },
      Math.min(LOOK_MS, this.silenceMs / 4),
    ).unref();
    try {
      return await Promise.race([work, silence.promise]);
    } finally {
      clearInterval(look);
    }
  }
}
