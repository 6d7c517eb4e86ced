import type { Row } from './trace-tree.js';

/** A stretch of time in which somebody works; microseconds and pixels. */
export interface Stretch {
  readonly begin: number;
  readonly end: number;
  readonly left: number;
  readonly width: number;
}

/** A pause in which nobody works, drawn short. */
export interface Pause {
  readonly left: number;
  readonly width: number;
  /** Microseconds. */
  readonly length: number;
}

export interface Timeline {
  readonly stretches: readonly Stretch[];
  readonly pauses: readonly Pause[];
  /** Pixels from the left edge. */
  readonly at: (microseconds: number) => number;
}

/** Longer pauses are cut, microseconds. */
export const LONGEST_PAUSE = 150_000;
const PAUSE_WIDTH = 46;
/** So that stretches of a millisecond beside such of a second are still to be seen. */
const LEAST_WIDTH = 14;

/** An axis of this width for spans that are short while the pauses between them may be long. */
export const timelineOf = (rows: readonly Row[], width: number): Timeline => {
  const busy = busyTimes(rows);
  const total = busy.reduce((sum, { begin, end }) => sum + end - begin, 0) || 1;
  const shared = width - PAUSE_WIDTH * (busy.length - 1) - LEAST_WIDTH * busy.length;
  let left = 0;
  const stretches = busy.map(({ begin, end }): Stretch => {
    const stretch = { begin, end, left, width: LEAST_WIDTH + (shared * (end - begin)) / total };
    left += stretch.width + PAUSE_WIDTH;
    return stretch;
  });
  const pauses = stretches.slice(1).map((next, index): Pause => {
    const length = next.begin - (stretches[index] as Stretch).end;
    return { left: next.left - PAUSE_WIDTH, width: PAUSE_WIDTH, length };
  });
  return { stretches, pauses, at: (moment) => placeOf(stretches, moment) };
};

const placeOf = (stretches: readonly Stretch[], moment: number): number => {
  const inside = stretches.find(({ end }) => moment <= end) ?? stretches.at(-1);
  if (inside === undefined) return 0;
  const { begin, end, left, width } = inside;
  return left + width * Math.min(1, Math.max(0, (moment - begin) / (end - begin || 1)));
};

/** When somebody worked, with pauses only where they are long. */
const busyTimes = (rows: readonly Row[]): readonly { readonly begin: number; readonly end: number }[] => {
  const times: { begin: number; end: number }[] = [];
  for (const { begin, end } of rows.toSorted((one, other) => one.begin - other.begin)) {
    const last = times.at(-1);
    if (last !== undefined && begin - last.end <= LONGEST_PAUSE) last.end = Math.max(last.end, end);
    else times.push({ begin, end });
  }
  return times;
};
