import { identifier } from '@baton/contracts';
import { Pipeline, Refused } from '@baton/messaging';
import { explain, sagaStatuses, type Unit } from '@baton/saga';
import { Answers, openApi, type Page, Paged, pageOf } from '@baton/service-kit';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  counts,
  incident,
  incidentsQuery,
  OfDefinition,
  sagaQuery,
  sagasQuery,
  sagaSummary,
  sagaView,
  skipped,
  skipRequest,
} from './api-schemas.js';
import { SkipStep } from './commands.js';
import { Definitions } from './definitions/index.js';
import type { IncidentRecord, SagaRecord } from './domain/records.js';
import { entryOf, type TimelineEntry } from './domain/timeline.js';
import { type Counts, SagaReads } from './store/reads.js';

/** A saga in a list. */
export interface SagaSummary
  extends Pick<SagaRecord, 'definition' | 'orderId' | 'version' | 'status' | 'openIncidents'> {
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly endedAt: string | null;
  /** What it waits for, since when, until when, and what happens then. */
  readonly sentence: string;
}

/** One saga in full. */
export interface SagaView extends SagaSummary {
  readonly shipments: readonly Unit[];
  readonly incidents: readonly IncidentRecord[];
  readonly timeline: readonly TimelineEntry[];
}

/** Operators ask in the present; what an incident is late by depends on it. */
const now = (): string => new Date().toISOString();

/** Sagas, as operators see them. */
@ApiTags('sagas')
@Controller('sagas')
export class SagasApi {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly reads: SagaReads,
    private readonly definitions: Definitions,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List sagas, newest first, each with the sentence on what it waits for' })
  @OfDefinition()
  @ApiQuery({ name: 'status', required: false, enum: sagaStatuses })
  @Paged('sagas', sagaSummary)
  async list(@Query() query: unknown): Promise<Page & { readonly sagas: readonly SagaSummary[] }> {
    const { limit, ...wanted } = sagasQuery.parse(query);
    const found = await this.reads.list({ ...wanted, limit: limit + 1 });
    const { page, next } = pageOf(found, limit, ({ createdAt, orderId }) => [createdAt, orderId]);
    return { sagas: page.map((record) => this.summaryOf(record)), next };
  }

  @Get('counts')
  @ApiOperation({ summary: 'How many sagas there are by status, and how many have an open incident' })
  @OfDefinition()
  @Answers(200, 'The numbers.', counts)
  counts(@Query() query: unknown): Promise<Counts> {
    return this.reads.count(sagaQuery.parse(query).definition);
  }

  @Get(':orderId')
  @ApiOperation({ summary: 'One saga: what it waits for, its shipments, incidents and timeline' })
  @ApiParam({ name: 'orderId' })
  @OfDefinition()
  @Answers(200, 'The saga.', sagaView)
  @ApiResponse({ status: 404, description: 'Nothing is known of such an order.' })
  async read(@Param('orderId') orderId: string, @Query() query: unknown): Promise<SagaView> {
    const { definition } = sagaQuery.parse(query);
    const record = identifier.safeParse(orderId).success ? await this.reads.find(definition, orderId) : undefined;
    if (!record) throw new Refused(404, 'unknown-order', 'Nothing is known of such an order.');
    const [timeline, incidents] = await Promise.all([
      this.reads.timeline(definition, orderId),
      this.reads.incidentsOf(definition, orderId),
    ]);
    return { ...this.summaryOf(record), shipments: record.state.units, incidents, timeline: timeline.map(entryOf) };
  }

  @Post(':orderId/skip')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Go on without waiting for a step',
    description: 'Only delivering and telling the customer can be skipped: other steps’ answers are needed by others.',
  })
  @OfDefinition()
  @ApiParam({ name: 'orderId' })
  @ApiBody({ schema: openApi(skipRequest) })
  @Answers(200, 'The step is skipped.', skipped)
  @ApiResponse({ status: 404, description: 'Nothing is known of such an order.' })
  @ApiResponse({ status: 409, description: 'Nothing waits for this step, or it cannot be skipped.' })
  async skip(@Param('orderId') orderId: string, @Query() query: unknown, @Body() body: unknown): Promise<unknown> {
    const { definition } = sagaQuery.parse(query);
    return (await this.pipeline.submit(SkipStep, { definition, orderId, ...skipRequest.parse(body) })).body;
  }

  private summaryOf({ state, ...record }: SagaRecord): SagaSummary {
    const { definition, orderId, version, status, openIncidents, createdAt, updatedAt, endedAt } = record;
    const sentence = explain(this.definitions.of(definition, version), state, now());
    return { definition, orderId, version, status, sentence, openIncidents, createdAt, updatedAt, endedAt };
  }
}

/** What needs a person. */
@ApiTags('incidents')
@Controller('incidents')
export class IncidentsApi {
  constructor(private readonly reads: SagaReads) {}

  @Get()
  @ApiOperation({ summary: 'List open incidents, the most urgent first' })
  @ApiQuery({ name: 'owner', required: false, type: String })
  @Paged('incidents', incident)
  async list(@Query() query: unknown): Promise<Page & { readonly incidents: readonly IncidentRecord[] }> {
    const { limit, ...wanted } = incidentsQuery.parse(query);
    const found = await this.reads.listOpenIncidents({ ...wanted, limit: limit + 1 });
    const { page, next } = pageOf(found, limit, ({ dueAt, incidentId }) => [dueAt, incidentId]);
    return { incidents: page, next };
  }
}
