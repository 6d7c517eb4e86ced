import { type PushMetricExporter, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

/** One order in a hundred is traced, as a busy installation would. */
const SAMPLED = 0.01;
/** Several times within a figure, so that the cost of collecting is in it. */
const METRICS_EVERY_MS = 5_000;

/**
 * Loaded before everything else, because instruments that are made before the SDK stay off for ever. Everything is on
 * as in a real installation, up to the exporters, which take what they get and forget it.
 */
const spans: SpanExporter = {
  export: (_, done) => done({ code: 0 }),
  shutdown: () => Promise.resolve(),
};
const metrics: PushMetricExporter = {
  export: (_, done) => done({ code: 0 }),
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

new NodeSDK({
  autoDetectResources: false,
  sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(SAMPLED) }),
  spanProcessors: [new BatchSpanProcessor({ exporter: spans })],
  metricReaders: [new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: METRICS_EVERY_MS })],
}).start();
