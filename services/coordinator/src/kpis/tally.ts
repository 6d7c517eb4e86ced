import { bucketOf, type Histogram } from './histogram.js';

/** What was counted: of one saga, of an hour, of a year. Tallies add up, and what was added can be taken back. */
export interface Tally {
  readonly counts: Readonly<Record<string, number>>;
  readonly times: Readonly<Record<string, Histogram>>;
}

export const NOTHING: Tally = { counts: {}, times: {} };

const addCounts = (a: Histogram, b: Histogram, sign: number): Histogram => {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) {
    const total = (sum[name] ?? 0) + sign * count;
    if (total === 0) delete sum[name];
    else sum[name] = total;
  }
  return sum;
};

const combine = (a: Tally, b: Tally, sign: number): Tally => {
  const times: Record<string, Histogram> = { ...a.times };
  for (const [name, histogram] of Object.entries(b.times)) {
    const sum = addCounts(times[name] ?? {}, histogram, sign);
    if (Object.keys(sum).length === 0) delete times[name];
    else times[name] = sum;
  }
  return { counts: addCounts(a.counts, b.counts, sign), times };
};

export const plus = (a: Tally, b: Tally): Tally => combine(a, b, 1);
export const minus = (a: Tally, b: Tally): Tally => combine(a, b, -1);

/** A sum that grows in place: many small tallies go into few large ones. */
export class Sum implements Tally {
  readonly counts: Record<string, number> = {};
  readonly times: Record<string, Record<string, number>> = {};

  count(name: string, count = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + count;
  }

  time(name: string, bucket: number | string, count = 1): void {
    const sum = (this.times[name] ??= {});
    sum[bucket] = (sum[bucket] ?? 0) + count;
  }

  add({ counts, times }: Tally): this {
    for (const [name, count] of Object.entries(counts)) this.count(name, count);
    for (const [name, histogram] of Object.entries(times)) {
      for (const [bucket, count] of Object.entries(histogram)) this.time(name, bucket, count);
    }
    return this;
  }
}

export const sumOf = (tallies: Iterable<Tally>): Tally => {
  const sum = new Sum();
  for (const tally of tallies) sum.add(tally);
  return sum;
};

export const isNothing = ({ counts, times }: Tally): boolean =>
  Object.keys(counts).length === 0 && Object.keys(times).length === 0;

/** Tallies by the hour that they belong to, named by its beginning, ISO 8601 UTC. */
export type TalliesByHour = Readonly<Record<string, Tally>>;

const HOUR_MS = 3_600_000;
/** The hour that was named last: nearly all that is counted happened in one, and naming it takes long. */
let last = { hour: NaN, name: '' };
const hourOf = (at: number): string => {
  const hour = Math.floor(at / HOUR_MS);
  if (hour !== last.hour) last = { hour, name: new Date(hour * HOUR_MS).toISOString() };
  return last.name;
};

/** Collects what sagas add to the hours in which it happened. */
export class Tallier {
  private readonly byHour = new Map<string, Sum>();

  count(name: string, at: number): void {
    this.of(hourOf(at)).count(name);
  }

  /** @param seconds how long it took; it belongs to the hour in which it ended */
  time(name: string, at: number, seconds: number): void {
    this.of(hourOf(at)).time(name, bucketOf(seconds));
  }

  add(tallies: TalliesByHour): void {
    for (const [hour, tally] of Object.entries(tallies)) this.of(hour).add(tally);
  }

  get tallies(): TalliesByHour {
    return Object.fromEntries(this.byHour);
  }

  private of(hour: string): Sum {
    const found = this.byHour.get(hour);
    if (found) return found;
    const sum = new Sum();
    this.byHour.set(hour, sum);
    return sum;
  }
}
