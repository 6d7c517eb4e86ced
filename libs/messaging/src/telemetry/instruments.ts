import type { MetricOptions } from '@opentelemetry/api';

/** How a message ended; the values of the attribute `outcome`. */
export const messageOutcomes = {
  handled: 'its reaction ran',
  repeated: 'it was handled before',
  unheard: 'nothing here reacts to it',
  refused: 'it can never be handled (unknown, invalid, or refused): a dead letter that parks nothing',
  retrying: 'its reaction failed and will be tried again',
  parked: 'it waits behind a failed message of its key',
  dead: 'its reaction failed for the last time: a dead letter that parks its key',
} as const;
export type MessageOutcome = keyof typeof messageOutcomes;

/** What is said of an instrument where it is made, and in the reference. */
export interface InstrumentDeclaration {
  /** Name of the OpenTelemetry instrument. */
  readonly name: string;
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly description: string;
  readonly unit: string;
  /** What each attribute says. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Boundaries of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

/** The declaration as the options with which OpenTelemetry makes the instrument. */
export const instrumentOptions = ({ description, unit, buckets }: InstrumentDeclaration): MetricOptions => ({
  description,
  unit,
  ...(buckets && { advice: { explicitBucketBoundaries: [...buckets] } }),
});

const service = 'name of the service';
const effect = 'kind of effect, such as `BookWithCarrier`';

/** Every instrument of the message pipeline. */
export const instruments = {
  messages: {
    name: 'baton.pipeline.messages',
    kind: 'counter',
    description: 'Messages that the pipeline met, by name and outcome.',
    unit: '{message}',
    attributes: {
      name: 'name of the event, command or result; `unheard` when it was not looked at',
      outcome: 'how it ended, see below',
    },
  },
  batchSize: {
    name: 'baton.pipeline.unit_of_work.size',
    kind: 'histogram',
    description: 'Messages in one unit of work.',
    unit: '{message}',
    attributes: { service },
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2000],
  },
  duration: {
    name: 'baton.pipeline.unit_of_work.duration',
    kind: 'histogram',
    description: 'From the first statement of a unit of work to its commit.',
    unit: 's',
    attributes: { service },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  published: {
    name: 'baton.pipeline.published',
    kind: 'counter',
    description: 'Events published after a commit.',
    unit: '{event}',
    attributes: {},
  },
  relayed: {
    name: 'baton.pipeline.relayed',
    kind: 'counter',
    description: 'Events that the relay published because their unit of work did not live to do it.',
    unit: '{event}',
    attributes: {},
  },
  patience: {
    name: 'baton.pipeline.infrastructure_errors',
    kind: 'counter',
    description: 'Errors of Postgres or the transport that were waited out.',
    unit: '{error}',
    attributes: { what: 'what did not work' },
  },
  effects: {
    name: 'baton.effects.tries',
    kind: 'counter',
    description: 'Tries of effects, by effect and whether there was an answer.',
    unit: '{try}',
    attributes: { effect, answered: 'whether there was an answer' },
  },
  effectDuration: {
    name: 'baton.effects.duration',
    kind: 'histogram',
    description: 'How long one try of an effect took.',
    unit: 's',
    attributes: { effect },
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  lag: {
    name: 'baton.pipeline.lag',
    kind: 'gauge',
    description: 'Records of a topic that the service has not handled.',
    unit: '{record}',
    attributes: { service, topic: 'the topic' },
  },
  lagAge: {
    name: 'baton.pipeline.lag_age',
    kind: 'gauge',
    description:
      'How long the oldest record of a topic that the service has not handled has waited: 0 when all is handled. ' +
      'Of records that were not fetched yet, since they were first seen to wait.',
    unit: 's',
    attributes: { service, topic: 'the topic' },
  },
  outboxAge: {
    name: 'baton.pipeline.outbox_age',
    kind: 'gauge',
    description: 'Age of the oldest event that is committed and not published.',
    unit: 's',
    attributes: { service },
  },
  held: {
    name: 'baton.pipeline.held_messages',
    kind: 'gauge',
    description: 'Messages that are retried, parked or dead.',
    unit: '{message}',
    attributes: { service, state: '`retrying`, `parked` or `dead`' },
  },
} as const satisfies Record<string, InstrumentDeclaration>;
