import type { Consumption } from './consumption.js';
import type { DueCommand, DueSource } from './pipeline.js';

/** Most that is asked for at once. */
const DUE_ROWS = 500;
/** Pages in a row without anything for this process; after so many it pauses. */
const MOST_FOREIGN_PAGES = 10;

/** What a look for what is due needs. */
export interface DueLookParts {
  readonly consumption: Pick<Consumption, 'caughtUp' | 'ownership'>;
  readonly ask: Parameters<DueSource['next']>[0];
  /** Settles when it was handled; never rejects. */
  readonly handle: (due: DueCommand) => Promise<void>;
}

/**
 * Looks for what is due, and has that handled which is this process' own. What belongs to others may stand before it
 * for as long as they are behind, so each look goes on where the one before ended, and begins anew after the last page.
 */
export class DueLook {
  /** Where the last page ended; undefined before the first. */
  private place: readonly unknown[] | undefined;

  constructor(
    private readonly source: DueSource,
    private readonly parts: DueLookParts,
  ) {}

  /** @returns true when there is more to do at once */
  async look(): Promise<boolean> {
    const { consumption, ask, handle } = this.parts;
    for (let page = 0; page < MOST_FOREIGN_PAGES; page += 1) {
      if (!consumption.caughtUp) return false;
      const due = await this.source.next(ask, new Date().toISOString(), DUE_ROWS, this.place);
      this.place = due.length < DUE_ROWS ? undefined : due.at(-1)?.place;
      // Asked when they are known: partitions may have gone to others in the meantime.
      const isOwn = consumption.ownership();
      const own = due.filter(({ command, data }) => isOwn(command.keyOf(data)));
      await Promise.all(own.map(handle));
      if (!this.place) return false;
      if (own.length > 0) return true;
    }
    return false;
  }
}
