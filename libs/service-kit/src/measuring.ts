import { statfs } from 'node:fs/promises';
import { type InstrumentDeclaration, instrumentOptions } from '@baton/messaging';
import { type Attributes, type Counter, type Histogram, type Meter, metrics } from '@opentelemetry/api';

/** Runs one statement on a service's own database, outside of any unit of work, and gives its rows. */
export type Ask = (sql: string, params?: readonly unknown[]) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** What a gauge stands at. */
export interface Measurement {
  readonly of: InstrumentDeclaration;
  readonly value: number;
  readonly attributes?: Attributes;
}

/** What a service measures besides its pipeline. */
export interface ServiceMetrics {
  /** Every instrument, by a name of the service's own. */
  readonly declared: Readonly<Record<string, InstrumentDeclaration>>;
  /**
   * Where its gauges stand now. Called once for each export and reader, never when nothing is exported. Each process of
   * a service answers for the whole database, so that whoever draws them takes the largest, not the sum.
   */
  read?(ask: Ask): Promise<readonly Measurement[]>;
}

const service = 'name of the service';

/** What every service measures of what it stands on. */
export const groundMetrics = {
  databaseSize: {
    name: 'baton.database.size',
    kind: 'gauge',
    description: 'What the database of a service takes on its disk.',
    unit: 'By',
    attributes: { service },
  },
  diskUsed: {
    name: 'baton.disk.used',
    kind: 'gauge',
    description:
      'Used share, 0 to 1, of the disk under a process: in compose the one that also holds the volumes of Kafka and ' +
      'Postgres.',
    unit: '1',
    attributes: { service },
  },
} as const satisfies Record<string, InstrumentDeclaration>;

const meter = (): Meter => metrics.getMeter('@baton/service-kit');

/** Makes a counter as it is declared. */
export const counterOf = (declared: InstrumentDeclaration): Counter =>
  meter().createCounter(declared.name, instrumentOptions(declared));

/** Makes a histogram as it is declared. */
export const histogramOf = (declared: InstrumentDeclaration): Histogram =>
  meter().createHistogram(declared.name, instrumentOptions(declared));

const readGround = async (name: string, ask: Ask): Promise<readonly Measurement[]> => {
  const [[size], disk] = await Promise.all([
    ask('select pg_database_size(current_database())::float8 as bytes'),
    statfs('.'),
  ]);
  const attributes = { service: name };
  return [
    { of: groundMetrics.databaseSize, value: Number(size?.['bytes']), attributes },
    // As `df` says it: of what is not kept back for the superuser.
    {
      of: groundMetrics.diskUsed,
      value: (disk.blocks - disk.bfree) / (disk.blocks - disk.bfree + disk.bavail),
      attributes,
    },
  ];
};

/**
 * Registers all gauges of a service under one callback, so that an export asks the database once.
 * @returns takes them away again
 */
export const observeService = (name: string, own: ServiceMetrics | undefined, ask: Ask): (() => void) => {
  const declared: readonly InstrumentDeclaration[] = [
    ...Object.values(groundMetrics),
    ...Object.values(own?.declared ?? {}),
  ].filter(({ kind }) => kind === 'gauge');
  const gauges = new Map(
    declared.map((each) => [each.name, meter().createObservableGauge(each.name, instrumentOptions(each))] as const),
  );
  const measure: Parameters<Meter['addBatchObservableCallback']>[0] = async (result) => {
    // Each by itself: what one cannot say now is no reason to leave out the other.
    const read = await Promise.allSettled([readGround(name, ask), own?.read?.(ask) ?? []]);
    for (const { of, value, attributes } of read.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))) {
      const gauge = gauges.get(of.name);
      if (gauge) result.observe(gauge, value, attributes);
    }
  };
  const observables = [...gauges.values()];
  meter().addBatchObservableCallback(measure, observables);
  return () => meter().removeBatchObservableCallback(measure, observables);
};
