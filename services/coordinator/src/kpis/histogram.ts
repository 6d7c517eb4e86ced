/**
 * How often durations fell into each bucket, by the bucket's number. Buckets grow by a tenth, so that a percentile read
 * from them is off by 5 % at most, from a millisecond to a year in less than 300 numbers. Counts can be added and taken
 * back exactly, in any order: that is what lets sketches of hours merge into one of a year.
 */
export type Histogram = Readonly<Record<string, number>>;

const SMALLEST_S = 0.001;
const GROWTH = 1.1;

/** The bucket of a duration in seconds; what is shorter than a millisecond (or negative: two clocks) is in bucket 0. */
export const bucketOf = (seconds: number): number =>
  seconds <= SMALLEST_S ? 0 : Math.ceil(Math.log(seconds / SMALLEST_S) / Math.log(GROWTH));

/** The duration that stands for a bucket, in seconds: the geometric middle. */
export const middleOf = (bucket: number): number => (bucket === 0 ? 0 : SMALLEST_S * GROWTH ** (bucket - 0.5));

/** Durations in seconds, exact to 5 %; null when nothing was counted. */
export interface Percentiles {
  readonly count: number;
  /** Seconds; null when nothing was counted. */
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

const round = (seconds: number): number => Number(seconds.toPrecision(4));

export const percentilesOf = (histogram: Histogram = {}): Percentiles => {
  const buckets = Object.entries(histogram)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .toSorted(([a], [b]) => a - b);
  const count = buckets.reduce((sum, [, n]) => sum + n, 0);
  const at = (share: number): number | null => {
    let left = Math.ceil(share * count);
    for (const [bucket, n] of buckets) {
      left -= n;
      if (left <= 0) return round(middleOf(bucket));
    }
    return null;
  };
  return { count, p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99) };
};
