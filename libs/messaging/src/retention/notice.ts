interface Seen {
  /** By a clock that nobody sets, milliseconds. */
  readonly at: number;
  readonly before: Date;
}

/**
 * What is too old goes only once it has been too old for a while, all the time. So a clock that is wrong for some minutes
 * takes nothing away, and a service that was off for months first hears which of its orders are still under way.
 */
export class Notice {
  private seen: readonly Seen[] = [];

  /** @param ms for how long something must have been too old, in the life of this process */
  constructor(
    private readonly ms: number,
    private readonly clock = () => performance.now(),
  ) {}

  /**
   * Before which moment things may go now; undefined when none may.
   * @param before before which moment they are too old now
   */
  given(before: Date): Date | undefined {
    const at = this.clock();
    const all = [...this.seen, { at, before }];
    const first = all.findLastIndex((seen) => seen.at <= at - this.ms);
    this.seen = all.slice(Math.max(first, 0));
    if (first < 0) return undefined;
    return this.seen.map((seen) => seen.before).reduce((one, other) => (other < one ? other : one));
  }
}
