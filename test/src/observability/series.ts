import { type InstrumentDeclaration, instruments } from '@baton/messaging';
import { groundMetrics } from '@baton/service-kit';
import { services } from '../generate/services.js';

/** Every instrument that any service declares. */
export const declared: readonly InstrumentDeclaration[] = [
  ...Object.values(instruments),
  ...Object.values(groundMetrics),
  ...services.flatMap(({ metrics }) => Object.values(metrics?.declared ?? {})),
];

/** What Prometheus appends for units of OpenTelemetry; one in braces is a note for people. */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes', '1': 'ratio' };

/**
 * The names of the series that Prometheus makes of an instrument which it gets by OTLP.
 * https://prometheus.io/docs/guides/opentelemetry/ (translation strategy UnderscoreEscapingWithSuffixes)
 */
const seriesNamesOf = ({ name, kind, unit }: InstrumentDeclaration): readonly string[] => {
  const suffix = unit.startsWith('{') ? undefined : UNITS[unit];
  if (!unit.startsWith('{') && suffix === undefined) throw new Error(`How does Prometheus write the unit ${unit}?`);
  const base = name.replaceAll('.', '_');
  const full = suffix === undefined || base.endsWith(`_${suffix}`) ? base : `${base}_${suffix}`;
  if (kind === 'counter') return [`${full}_total`];
  return kind === 'gauge' ? [full] : [`${full}_bucket`, `${full}_count`, `${full}_sum`];
};

/** Which labels each series has, by the name of the series. */
export const labelsBySeries: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  declared.flatMap((instrument) =>
    seriesNamesOf(instrument).map(
      (series) =>
        [
          series,
          // Those that infra/prometheus/prometheus.yml makes of what a process says about itself.
          new Set([
            ...Object.keys(instrument.attributes),
            'service_name',
            ...(series.endsWith('_bucket') ? ['le'] : []),
          ]),
        ] as const,
    ),
  ),
);
