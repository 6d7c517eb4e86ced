/** A fetch that brought so many records is one of many … */
const BUSY_RECORDS = 3;
/** … and so the next one waits a moment: it brings more, for the same work of the broker, the sockets and the reader. */
const BREATH_MS = 12;
/** Longest time between two looks into topics that this process writes to. */
const LONGEST_MS = 100;
/** Topics that this process has not written to for so long are as if it never had. */
const FORGOTTEN_MS = 1_000;
/** The broker is asked what there is, and answers at once. */
const NO_WAIT_MS = 1;

/** What to do next. */
export interface Step {
  /** How long to wait before the fetch, milliseconds. */
  readonly pauseMs: number;
  /** How long the broker may wait for records, milliseconds; as long as is usual when absent. */
  readonly waitMs?: number;
  /** Topics that are left out. */
  readonly without?: ReadonlySet<string>;
}

/** Where the fetches from one broker stand. */
interface Standing {
  /** Records that had come when the last fetch began. */
  came: number;
  /** Those of topics that this process writes to, when all topics were last looked into. */
  foreign: number;
  lookAt: number;
  lookEveryMs: number;
}

/**
 * When a member of a group fetches, and what. While nothing is written, the broker holds a fetch until there is a record.
 * What the same process writes is handed over to its members (see `hand-over.ts`), and a fetch that the broker holds
 * meanwhile would bring it once more. So topics that this process writes to are only looked into now and then, for what
 * others may write there: the less that is, the more rarely.
 */
export class Pace {
  readonly #writtenAt = new Map<string, number>();
  readonly #standings = new Map<string, Standing>();
  #came = 0;
  #foreign = 0;

  /** A fetch brought records that were not here. */
  fetched(topic: string, records: number): void {
    this.#came += records;
    if (this.#writtenAt.has(topic)) this.#foreign += records;
  }

  /** So many of those that a fetch brought were this process' own: the broker had them before it said where. */
  fetchedOwn(records: number): void {
    this.#foreign -= records;
  }

  /** This process writes to topics that the member reads. `now` is in milliseconds, of any clock that only goes forward. */
  writes(topics: Iterable<string>, now: number): void {
    for (const topic of topics) this.#writtenAt.set(topic, now);
  }

  /** What to do about the next fetch from this broker. */
  next(broker: string, now: number): Step {
    const standing = this.#of(broker, now);
    const isBusy = this.#came - standing.came >= BUSY_RECORDS;
    standing.came = this.#came;
    const pauseMs = isBusy ? BREATH_MS : 0;
    const own = this.#own(now);
    if (own.size === 0) return { pauseMs };
    if (now + pauseMs < standing.lookAt)
      return { pauseMs, waitMs: Math.ceil(standing.lookAt - now) - pauseMs, without: own };
    const isQuiet = this.#foreign <= standing.foreign;
    standing.foreign = this.#foreign;
    standing.lookEveryMs = isQuiet ? Math.min(Math.max(2 * standing.lookEveryMs, BREATH_MS), LONGEST_MS) : BREATH_MS;
    standing.lookAt = now + pauseMs + standing.lookEveryMs;
    return { pauseMs, waitMs: NO_WAIT_MS };
  }

  #of(broker: string, now: number): Standing {
    const known = this.#standings.get(broker);
    if (known) return known;
    const made = { came: this.#came, foreign: this.#foreign, lookAt: now, lookEveryMs: 0 };
    this.#standings.set(broker, made);
    return made;
  }

  #own(now: number): ReadonlySet<string> {
    for (const [topic, at] of this.#writtenAt) if (now - at > FORGOTTEN_MS) this.#writtenAt.delete(topic);
    return new Set(this.#writtenAt.keys());
  }
}
