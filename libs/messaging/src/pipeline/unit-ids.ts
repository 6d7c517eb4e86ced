import type { Run } from '../state/rows.js';

/** Size of the blocks in which ids are given out; the sequence's increment. */
const ID_BLOCK = 1_000;

/** Ids of units of work, taken from the database a block at a time, so that a unit of work knows its own at once. */
export class UnitIds {
  private upcoming = 0n;
  private end = 0n;
  private readonly blocks: bigint[] = [];
  /** Of units of work of which nobody knows whether they were committed: the answer was lost. */
  private readonly doubtful = new Set<string>();

  async next(run: Run): Promise<string> {
    if (this.upcoming >= this.end) {
      const { rows } = await run("select nextval('unit_of_work_id')", []);
      this.upcoming = BigInt(rows[0]?.[0] as string);
      this.end = this.upcoming + BigInt(ID_BLOCK);
      this.blocks.push(this.upcoming);
    }
    const id = this.upcoming;
    this.upcoming += 1n;
    return id.toString();
  }

  /** Nobody here will publish what it said, if it was committed after all. */
  doubt(id: string): void {
    this.doubtful.add(id);
  }

  /** True for a unit of work that this process has committed, and publishes itself. */
  readonly isOwn = (id: string): boolean => {
    if (this.doubtful.has(id)) return false;
    const number = BigInt(id);
    // The latest block is the likeliest.
    return this.blocks.findLast((first) => number >= first && number < first + BigInt(ID_BLOCK)) !== undefined;
  };
}
