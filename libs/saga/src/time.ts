/** Durations are milliseconds; moments are ISO 8601 in UTC. The engine reads no clock: every moment arrives as data. */
export const seconds = (count: number): number => count * 1_000;
export const minutes = (count: number): number => count * 60_000;
export const hours = (count: number): number => minutes(count * 60);
export const days = (count: number): number => hours(count * 24);

/** Moments after the one that was asked for last: a unit of work has one, and a saga definition few durations. */
let after: { readonly moment: string; readonly known: Map<number, string> } = { moment: '', known: new Map() };

/** The moment that many milliseconds later. */
export const later = (moment: string, milliseconds: number): string => {
  if (after.moment !== moment) after = { moment, known: new Map() };
  let found = after.known.get(milliseconds);
  if (found === undefined) {
    found = new Date(Date.parse(moment) + milliseconds).toISOString();
    after.known.set(milliseconds, found);
  }
  return found;
};

/** Moments as this code writes them, `2026-11-24T13:05:00.000Z`, are in order as texts; others may be written shorter. */
const isWhole = (moment: string): boolean => moment.length === 24 && moment.endsWith('Z');

/** Whether a moment has come. */
export const hasCome = (moment: string, now: string): boolean =>
  isWhole(moment) && isWhole(now) ? moment <= now : Date.parse(moment) <= Date.parse(now);

/** The earliest of some moments; undefined when there is none. */
export const earliest = (moments: readonly (string | undefined)[]): string | undefined =>
  moments.reduce(
    (first, moment) => (moment === undefined || (first !== undefined && hasCome(first, moment)) ? first : moment),
    undefined,
  );

/** A moment as people read it: `2026-11-24 13:05 UTC`. */
export const clock = (moment: string): string => `${moment.slice(0, 10)} ${moment.slice(11, 16)} UTC`;
