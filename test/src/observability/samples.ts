import type { InstrumentDeclaration } from '@baton/messaging';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { declared } from './series.js';

/** Collects when it is told to. */
export class ByHand extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** Values that queries ask for by name. */
const ASKED_FOR: Readonly<Record<string, string>> = {
  step: 'pick',
  outcome: 'completed',
  state: 'open',
  answered: 'true',
};

const attributesOf = ({ attributes }: InstrumentDeclaration): Record<string, string> =>
  Object.fromEntries(Object.keys(attributes).map((name) => [name, ASKED_FOR[name] ?? 'any']));

export interface Samples {
  /** Measures something with every declared instrument, and sends it as a service does; a second time makes a rate. */
  send(): Promise<void>;
  stop(): Promise<void>;
}

/** Every declared instrument, made by the real SDK and sent by the real exporter to `url`. */
export const makeSamples = (url: string): Samples => {
  const reader = new ByHand({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
  const resource = resourceFromAttributes({ 'service.name': 'baton-test', 'service.namespace': 'baton' });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const exporter = new OTLPMetricExporter({ url });
  const meter = provider.getMeter('test');
  const measure = declared.map((instrument) => {
    const { name, kind, unit, description, buckets } = instrument;
    const options = { unit, description, ...(buckets && { advice: { explicitBucketBoundaries: [...buckets] } }) };
    const attributes = attributesOf(instrument);
    if (kind === 'gauge') {
      meter.createObservableGauge(name, options).addCallback((result) => result.observe(0.5, attributes));
      return () => undefined;
    }
    if (kind === 'counter') {
      const counter = meter.createCounter(name, options);
      return () => counter.add(5, attributes);
    }
    const histogram = meter.createHistogram(name, options);
    return () => histogram.record(0.7, attributes);
  });
  return {
    send: async () => {
      for (const each of measure) each();
      const { resourceMetrics, errors } = await reader.collect();
      if (errors.length > 0) throw new AggregateError(errors, 'Not everything could be collected.');
      await new Promise<void>((resolve, reject) =>
        exporter.export(resourceMetrics, ({ error }) => (error ? reject(error) : resolve())),
      );
    },
    stop: async () => {
      await exporter.shutdown();
      await provider.shutdown();
    },
  };
};
