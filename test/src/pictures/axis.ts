/** An axis from 0, in even steps that people count in. */
export interface Axis {
  readonly max: number;
  readonly interval: number;
}

const MOST_STEPS = 5;
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];
/** Of a line that never leaves 0; shares then go to the whole. */
const FLAT: Axis = { max: 1, interval: 1 };

/**
 * An axis that reaches a value.
 * @param unit Grafana's id of a unit
 */
export const axisTo = (highest: number, unit: string): Axis => {
  if (!(highest > 0)) return FLAT;
  const fits = (step: number): boolean => highest / step <= MOST_STEPS;
  const interval = stepsOf(highest, unit).find(fits) ?? highest / MOST_STEPS;
  return { max: interval * Math.ceil(highest / interval), interval };
};

const stepsOf = (highest: number, unit: string): readonly number[] => {
  if (unit === 's' && highest > 1) return SECONDS;
  if (unit === 'bytes') return Array.from({ length: 44 }, (_, power) => 2 ** power);
  const size = 10 ** Math.floor(Math.log10(highest / MOST_STEPS));
  return [size, 2 * size, 5 * size, 10 * size];
};
