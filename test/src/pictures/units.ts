/** Three digits that matter. */
const plain = (value: number): string => {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return String(Number(value.toFixed(Math.min(digits, 6))));
};

type Scale = readonly (readonly [number, string])[];
const SECONDS: Scale = [
  [86_400, ' d'],
  [3_600, ' h'],
  [60, ' min'],
  [1, ' s'],
  [0.001, ' ms'],
  [0.000_001, ' µs'],
];
const BYTES: Scale = [
  [1024 ** 3, ' GiB'],
  [1024 ** 2, ' MiB'],
  [1024, ' KiB'],
  [1, ' B'],
];
const COUNTS: Scale = [
  [1e6, ' Mil'],
  [1e4, ' K'],
];

const scaled = (value: number, scale: Scale): string => {
  const fits = scale.find(([size]) => Math.abs(value) >= size);
  if (fits === undefined) return plain(value);
  const [size, name] = fits;
  // Counts go over to thousands late, but are counted in them then.
  const divisor = name === ' K' ? 1e3 : size;
  return `${plain(value / divisor)}${name}`;
};

/**
 * A value as Grafana writes it.
 * @param unit Grafana's id of a unit
 * @throws Error for a unit that no dashboard has had so far
 */
export const inUnit = (value: number, unit: string): string => {
  if (unit === 's') return value === 0 ? '0 s' : scaled(value, SECONDS);
  if (unit === 'bytes') return scaled(value, BYTES);
  if (unit === 'percentunit') return `${plain(value * 100)} %`;
  if (unit === 'ops') return `${scaled(value, COUNTS)}/s`;
  if (unit === 'short') return scaled(value, COUNTS);
  throw new Error(`How is the unit ${unit} written?`);
};

/** A length of time in one unit that no line ends within, e.g. `1.2 s`. */
export const duration = (microseconds: number): string => inUnit(microseconds / 1e6, 's').replace(' ', '\u00a0');

/** Time of day, UTC. */
export const timeOfDay = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(11, 16);
