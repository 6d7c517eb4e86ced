import { Backoff } from '../delivery/backoff.js';
import type { Outage } from '../delivery/outage.js';
import type { LocalDatabase } from './local-database.js';

/** Lets one loop sleep until something happens. What happens while it works is not lost. */
export class Signal {
  #set = false;
  #wake: (() => void) | undefined;

  raise(): void {
    this.#set = true;
    this.#wake?.();
  }

  /** Forgets what has happened, before looking at what there is. */
  clear(): void {
    this.#set = false;
  }

  /** Resolves when raised since the last `clear`, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (this.#set || ms <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

export interface Sleeper {
  readonly group: string;
  readonly topics: readonly string[];
  /** There may be records. */
  wake(): void;
  /** The members of the group, or the partitions of its topics, may have changed. */
  regroup(): void;
}

/** Hears from other connections, by NOTIFY, that there is something to do. What is missed is found by polling. */
export class WakeUps {
  readonly #sleepers = new Set<Sleeper>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    private readonly database: LocalDatabase,
    private readonly outage: Outage,
  ) {
    this.#running = this.#listen();
  }

  add(sleeper: Sleeper): void {
    this.#sleepers.add(sleeper);
  }

  remove(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
  }

  /** Tells the other members of a group to look at who is there. */
  async regroup(group: string): Promise<void> {
    await this.database.query('SELECT pg_notify($1, $2)', [this.#channel, `g,${group}`]);
  }

  /** Tells all consumers that there are new topics. */
  async topicsChanged(): Promise<void> {
    await this.database.query('SELECT pg_notify($1, $2)', [this.#channel, 'm']);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  get #channel(): string {
    return `${this.database.schema}_wake`;
  }

  async #listen(): Promise<void> {
    const backoff = new Backoff(100, 3_000);
    while (!this.#stopping.signal.aborted) {
      const client = this.database.connection();
      const over = Promise.withResolvers<unknown>();
      const stop = (): void => over.resolve(undefined);
      client.on('error', over.resolve);
      client.on('end', () => over.resolve(new Error('the connection ended')));
      client.on('notification', ({ payload }) => this.#heard(payload ?? ''));
      this.#stopping.signal.addEventListener('abort', stop, { once: true });
      try {
        await client.connect();
        await client.query(`LISTEN ${this.#channel}`);
        this.outage.works('wake-ups');
        backoff.reset();
        // What was said before is lost.
        for (const sleeper of this.#sleepers) sleeper.regroup();
        const error = await over.promise;
        if (error !== undefined) this.outage.failed('wake-ups', error);
      } catch (error) {
        this.outage.failed('wake-ups', error);
      } finally {
        this.#stopping.signal.removeEventListener('abort', stop);
        await client.end().catch(() => {});
      }
      if (!this.#stopping.signal.aborted) await backoff.pause(this.#stopping.signal);
    }
  }

  #published(topics: ReadonlySet<string>): void {
    for (const sleeper of this.#sleepers) if (sleeper.topics.some((topic) => topics.has(topic))) sleeper.wake();
  }

  #heard(payload: string): void {
    const [kind, ...names] = payload.split(',');
    // As releases before this one say it.
    if (kind === 't') {
      this.#published(new Set(names));
      return;
    }
    if (kind === 'w') {
      const [writer, ...topics] = names;
      if (writer !== this.database.writer) this.#published(new Set(topics));
      return;
    }
    const group = names.join(',');
    for (const sleeper of this.#sleepers) if (kind === 'm' || sleeper.group === group) sleeper.regroup();
  }
}
