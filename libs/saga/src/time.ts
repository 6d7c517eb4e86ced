/** Durations are milliseconds; moments are ISO 8601 in UTC. The engine reads no clock: every moment arrives as data. */
export const seconds = (count: number): number => count * 1_000;
export const minutes = (count: number): number => count * 60_000;
export const hours = (count: number): number => minutes(count * 60);
export const days = (count: number): number => hours(count * 24);

/** The moment that many milliseconds later. */
export const later = (moment: string, milliseconds: number): string =>
  new Date(Date.parse(moment) + milliseconds).toISOString();

/** Moments as this code writes them, `2026-11-24T13:05:00.000Z`, are in order as texts; others may be written shorter. */
const isWhole = (moment: string): boolean => moment.length === 24 && moment.endsWith('Z');

/** Whether a moment has come. */
export const hasCome = (moment: string, now: string): boolean =>
  isWhole(moment) && isWhole(now) ? moment <= now : Date.parse(moment) <= Date.parse(now);

/** The earliest of some moments; undefined when there is none. */
export const earliest = (moments: readonly string[]): string | undefined =>
  moments.reduce<string | undefined>(
    (first, moment) => (first !== undefined && hasCome(first, moment) ? first : moment),
    undefined,
  );

/** A moment as people read it: `2026-11-24 13:05 UTC`. */
export const clock = (moment: string): string => `${moment.slice(0, 10)} ${moment.slice(11, 16)} UTC`;
