import { messageOf, type TransportLogger } from './logger.js';

/**
 * Turns the many errors of a server that is away into two lines: one when the first part of the transport notices, one
 * when the last of those that noticed works again. Errors of another kind (a refused topic, a wrong password) get a
 * line of their own, once while they last.
 */
export class Outage {
  readonly #failing = new Map<string, string>();
  #since: number | undefined;

  constructor(
    private readonly server: string,
    private readonly logger: TransportLogger,
    private readonly isAway: (error: unknown) => boolean,
  ) {}

  failed(part: string, error: unknown): void {
    const away = this.isAway(error);
    const reason = messageOf(error);
    const kind = away ? 'away' : reason;
    if (this.#failing.get(part) === kind) return;
    const known = away && [...this.#failing.values()].includes('away');
    this.#failing.set(part, kind);
    if (known) return;
    if (away) {
      this.#since ??= Date.now();
      this.logger.warn(`${this.server} does not answer; trying again until it does`, { part, reason });
    } else {
      this.logger.warn(`${this.server} refuses; trying again`, { part, reason });
    }
  }

  works(part: string): void {
    if (!this.#failing.delete(part) || this.#failing.size > 0) return;
    const seconds = this.#since === undefined ? undefined : Math.round((Date.now() - this.#since) / 1000);
    this.#since = undefined;
    this.logger.info(`${this.server} answers again`, seconds === undefined ? { part } : { part, seconds });
  }
}
