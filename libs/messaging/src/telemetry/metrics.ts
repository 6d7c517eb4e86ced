import { metrics } from '@opentelemetry/api';

const meter = metrics.getMeter('@baton/messaging');

/** How a message ended; the values of the attribute `outcome`. */
export type MessageOutcome = 'handled' | 'repeated' | 'unheard' | 'refused' | 'retrying' | 'parked' | 'dead';

/** The pipeline's instruments, made once for the process; each is described where it is read. */
export const pipelineMetrics = {
  messages: meter.createCounter('baton.pipeline.messages', {
    description: 'Messages that the pipeline met, by name and outcome.',
    unit: '{message}',
  }),
  batchSize: meter.createHistogram('baton.pipeline.unit_of_work.size', {
    description: 'Messages in one unit of work.',
    unit: '{message}',
    advice: { explicitBucketBoundaries: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2000] },
  }),
  duration: meter.createHistogram('baton.pipeline.unit_of_work.duration', {
    description: 'From the first statement of a unit of work to its commit.',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] },
  }),
  published: meter.createCounter('baton.pipeline.published', {
    description: 'Events published after a commit.',
    unit: '{event}',
  }),
  relayed: meter.createCounter('baton.pipeline.relayed', {
    description: 'Events that the relay published because their unit of work did not live to do it.',
    unit: '{event}',
  }),
  patience: meter.createCounter('baton.pipeline.infrastructure_errors', {
    description: 'Errors of Postgres or the transport that were waited out.',
    unit: '{error}',
  }),
  effects: meter.createCounter('baton.effects.tries', {
    description: 'Tries of effects, by effect and whether there was an answer.',
    unit: '{try}',
  }),
  effectDuration: meter.createHistogram('baton.effects.duration', {
    description: 'How long one try of an effect took.',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] },
  }),
};

/** What a service's pipeline can say about itself when it is asked. */
export interface PipelineGauges {
  /** Records that wait in the transport, by topic. */
  lag(): Promise<ReadonlyMap<string, number>>;
  /** Age of the oldest event that is committed and not published, seconds. */
  outboxAge(): Promise<number>;
  /** Held messages by state. */
  held(): Promise<ReadonlyMap<string, number>>;
}

/** Registers the gauges of one service; returns how to take them away again. */
export const observePipeline = (service: string, gauges: PipelineGauges): (() => void) => {
  const lag = meter.createObservableGauge('baton.pipeline.lag', {
    description: 'Records of a topic that the service has not handled.',
    unit: '{record}',
  });
  const age = meter.createObservableGauge('baton.pipeline.outbox_age', {
    description: 'Age of the oldest event that is committed and not published.',
    unit: 's',
  });
  const held = meter.createObservableGauge('baton.pipeline.held_messages', {
    description: 'Messages that are retried, parked or dead.',
    unit: '{message}',
  });
  const observeLag: Parameters<typeof lag.addCallback>[0] = async (result) => {
    for (const [topic, count] of await gauges.lag()) result.observe(count, { service, topic });
  };
  const observeAge: Parameters<typeof age.addCallback>[0] = async (result) =>
    result.observe(await gauges.outboxAge(), { service });
  const observeHeld: Parameters<typeof held.addCallback>[0] = async (result) => {
    for (const [state, count] of await gauges.held()) result.observe(count, { service, state });
  };
  lag.addCallback(observeLag);
  age.addCallback(observeAge);
  held.addCallback(observeHeld);
  return () => {
    lag.removeCallback(observeLag);
    age.removeCallback(observeAge);
    held.removeCallback(observeHeld);
  };
};
