import { identifier, line, text, timestamp } from '@baton/contracts';
import { sagaStatuses } from '@baton/saga';
import { moment, named, pageLimit, pagePlace } from '@baton/service-kit';
import { ApiQuery } from '@nestjs/swagger';
import { z } from 'zod';
import type { SagaSummary, SagaView } from './api.js';
import { sagaNames } from './definitions/index.js';
import type { IncidentRecord } from './domain/records.js';
import type { Counts } from './store/reads.js';

const [FIRST = ''] = sagaNames;

/** Which kind of saga; the first when it is not said. */
export const sagaName = z.enum(sagaNames).default(FIRST);

/** Documents the parameter of this name. */
export const OfDefinition = () =>
  ApiQuery({
    name: 'definition',
    required: false,
    enum: sagaNames,
    description: `Kind of saga; \`${FIRST}\` when absent`,
  });

/** When, and the id of a saga or of an incident, which is longer. */
const after = pagePlace(z.tuple([timestamp, z.string().regex(/^[A-Za-z0-9._~:-]{1,200}$/)])).optional();

export const sagasQuery = z.strictObject({
  definition: sagaName,
  status: z.enum(sagaStatuses).optional(),
  after,
  limit: pageLimit,
});

export const sagaQuery = z.strictObject({ definition: sagaName });

export const incidentsQuery = z.strictObject({ owner: identifier.optional(), after, limit: pageLimit });

/** What an operator goes on without, and why. */
export const skipRequest = z.strictObject({
  /** 0 is the order as a whole. */
  shipment: z.int().min(0),
  step: identifier,
  note: text(500),
});

const status = z.enum(sagaStatuses);

const summary = z.object({
  definition: identifier,
  orderId: identifier,
  version: z.int(),
  status,
  sentence: z.string().describe('What it waits for, since when, until when, and what happens then.'),
  openIncidents: z.int(),
  createdAt: moment,
  updatedAt: moment,
  endedAt: moment.nullable(),
});
export const sagaSummary = named('SagaSummary', summary) satisfies z.ZodType<SagaSummary>;

export const incident = named(
  'Incident',
  z.object({
    incidentId: z.string(),
    definition: identifier,
    orderId: identifier,
    shipment: z.int().describe('0 for the order as a whole.'),
    step: z.string(),
    reason: z.string(),
    owner: z.string(),
    openedAt: moment,
    dueAt: moment,
    resolvedAt: moment.nullable(),
  }),
) satisfies z.ZodType<IncidentRecord>;

const step = z.object({
  begun: moment.exactOptional(),
  done: moment.exactOptional(),
  failed: z.string().exactOptional().describe('The name of its failure.'),
  about: z.array(z.string()).exactOptional().describe('What the failure is about.'),
  attempt: z.int().exactOptional().describe('Absent until there is more than one.'),
  choice: z.string().exactOptional().describe('What was chosen for this attempt, such as a carrier.'),
  undone: moment.exactOptional(),
});

/** Of an event, by its members: what a definition keeps. */
const kept = z.record(z.string(), z.unknown());

const unit = z.object({
  n: z.int().describe('Number of the shipment.'),
  birth: z.string().exactOptional().describe('What it came into being by; absent where that is not heard yet.'),
  since: moment.exactOptional(),
  deadline: moment.exactOptional().describe('When its first step stops waiting.'),
  replaces: z.int().exactOptional(),
  lines: z
    .array(line.extend({ quantity: z.number() }))
    .exactOptional()
    .describe('Absent when it carries all lines of the order.'),
  steps: z.record(z.string(), step),
  kept: kept.exactOptional(),
  undo: z
    .object({
      why: z.string(),
      asked: z.string().exactOptional().describe('The step whose participant was asked last.'),
    })
    .exactOptional(),
  refused: moment.exactOptional().describe('When its undo was refused.'),
  ended: z.object({ at: moment, as: z.enum(['done', 'undone', 'failed']) }).exactOptional(),
  heir: z.int().exactOptional().describe('The shipment that took over its lines.'),
  givenUp: z.string().exactOptional().describe('The alternative by which its lines were given up.'),
});

export const sagaView = named(
  'Saga',
  summary.extend({
    shipments: z.array(unit),
    incidents: z.array(incident),
    timeline: z.array(
      z.object({
        at: moment,
        fact: z.string().describe('Name of an event, heard or said, or `DeadlinePassed`, `StepSkipped`.'),
        shipment: z.int().exactOptional(),
        step: z.string().exactOptional(),
        attempt: z.int().exactOptional(),
        note: z.string().exactOptional(),
        text: z.string(),
      }),
    ),
  }),
) satisfies z.ZodType<SagaView>;

export const skipped = z.object({ skipped: z.literal(true) });

export const counts = z.object({
  running: z.int(),
  waiting: z.int(),
  completed: z.int(),
  cancelled: z.int(),
  incidents: z.int().describe('Sagas of any status with an open incident.'),
}) satisfies z.ZodType<Counts>;
