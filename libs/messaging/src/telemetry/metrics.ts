import { type BatchObservableCallback, metrics } from '@opentelemetry/api';
import { type InstrumentDeclaration, instrumentOptions, instruments } from './instruments.js';

const meter = metrics.getMeter('@baton/messaging');

export type { MessageOutcome } from './instruments.js';

const counter = (declared: InstrumentDeclaration) => meter.createCounter(declared.name, instrumentOptions(declared));
const histogram = (declared: InstrumentDeclaration) =>
  meter.createHistogram(declared.name, instrumentOptions(declared));

/** The pipeline's instruments, made once for the process. */
export const pipelineMetrics = {
  messages: counter(instruments.messages),
  batchSize: histogram(instruments.batchSize),
  duration: histogram(instruments.duration),
  published: counter(instruments.published),
  relayed: counter(instruments.relayed),
  patience: counter(instruments.patience),
  effects: counter(instruments.effects),
  effectDuration: histogram(instruments.effectDuration),
};

const heldStates = ['retrying', 'parked', 'dead'] as const;

/** What a service's pipeline can say about itself when it is asked. */
export interface PipelineGauges {
  /** By topic: records that are not handled, and how long the oldest has waited, seconds. */
  lag(): Promise<ReadonlyMap<string, { readonly records: number; readonly age: number }>>;
  /** Age of the oldest event that is committed and not published, seconds. */
  outboxAge(): Promise<number>;
  /** Held messages by state. */
  held(): Promise<ReadonlyMap<string, number>>;
}

/** Registers the gauges of one service; returns how to take them away again. */
export const observePipeline = (service: string, gauges: PipelineGauges): (() => void) => {
  const ownMeter = metrics.getMeter('@baton/messaging');
  const gauge = (declared: InstrumentDeclaration) =>
    ownMeter.createObservableGauge(declared.name, instrumentOptions(declared));
  const lag = gauge(instruments.lag);
  const lagAge = gauge(instruments.lagAge);
  const age = gauge(instruments.outboxAge);
  const held = gauge(instruments.held);
  // Both from one look, since the transport is asked for it.
  const observeLag: BatchObservableCallback = async (result) => {
    for (const [topic, { records, age: waited }] of await gauges.lag()) {
      result.observe(lag, records, { service, topic });
      result.observe(lagAge, waited, { service, topic });
    }
  };
  const observeAge: Parameters<typeof age.addCallback>[0] = async (result) =>
    result.observe(await gauges.outboxAge(), { service });
  const observeHeld: Parameters<typeof held.addCallback>[0] = async (result) => {
    const counts = await gauges.held();
    // None is 0, not absent, so that an alert about dead letters ends with them.
    for (const state of heldStates) result.observe(counts.get(state) ?? 0, { service, state });
  };
  ownMeter.addBatchObservableCallback(observeLag, [lag, lagAge]);
  age.addCallback(observeAge);
  held.addCallback(observeHeld);
  return () => {
    ownMeter.removeBatchObservableCallback(observeLag, [lag, lagAge]);
    age.removeCallback(observeAge);
    held.removeCallback(observeHeld);
  };
};
