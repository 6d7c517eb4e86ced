/** So many entries that are over are kept before they are given up. */
const MOST_OVER = 1_000;

/**
 * What came, in its order. What is over, in whatever place it stands, is passed over later: so leaving costs nothing, nor
 * does staying.
 */
export class Line<Entry> {
  private entries: Entry[] = [];
  private head = 0;

  /** @param isOver whether an entry counts no more; one that is over stays so */
  constructor(private readonly isOver: (entry: Entry) => boolean) {}

  push(entry: Entry): void {
    this.entries.push(entry);
  }

  get first(): Entry | undefined {
    const { entries } = this;
    for (let entry = entries[this.head]; entry !== undefined && this.isOver(entry); entry = entries[this.head]) {
      this.head += 1;
    }
    if (this.head > MOST_OVER && 2 * this.head > entries.length) {
      this.entries = entries.slice(this.head);
      this.head = 0;
    }
    return this.entries[this.head];
  }

  /** All that are not over. */
  *[Symbol.iterator](): Generator<Entry> {
    for (let index = this.head; index < this.entries.length; index += 1) {
      const entry = this.entries[index] as Entry;
      if (!this.isOver(entry)) yield entry;
    }
  }
}
