import { timestamp } from '@baton/contracts';
import { Refused } from '@baton/messaging';
import { Answers, CONFIG } from '@baton/service-kit';
import { applyDecorators, Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { OfDefinition, sagaName } from '../api-schemas.js';
import type { CoordinatorConfig } from '../config.js';
import { Definitions } from '../definitions/index.js';
import { kpiAnswer } from './api-schemas.js';
import { inputParameters, type Inputs, inputsOf } from './inputs.js';
import { type Kpis, kpisOf, type PeriodKpis, periodKpisOf } from './report.js';
import { ROLLUP_SQL } from './rollup-sql.js';
import { type RollupRow, type Span, spans } from './rollup-store.js';
import { sumOf } from './tally.js';

const HOUR_MS = 3_600_000;
const LENGTH_MS: Readonly<Record<Span, number>> = { hour: HOUR_MS, day: 24 * HOUR_MS };
/** So that an answer reads no more rows than it can merge while somebody waits. */
const MOST_PERIODS: Readonly<Record<Span, number>> = { hour: 31 * 24, day: 3 * 366 };
/** What is looked at when nothing is said. */
const DEFAULT_PERIODS: Readonly<Record<Span, number>> = { hour: 24, day: 7 };

/** Neither before what Postgres knows, nor so late that what is rounded up or counted back has no ISO 8601 of four digits. */
const moment = z
  .union([z.iso.date(), timestamp])
  .refine((at) => at >= '2000' && at < '9999', 'must lie between the years 2000 and 9998');

const kpisQuery = z.strictObject({
  definition: sagaName,
  from: moment.optional(),
  to: moment.optional(),
  by: z.enum(spans).default('hour'),
  ...inputParameters,
});

export interface KpiPeriod {
  readonly from: string;
  readonly to: string;
}

/** The KPIs of a stretch of time, in all and by hour or day. */
export interface KpiAnswer extends KpiPeriod {
  readonly definition: string;
  readonly by: Span;
  /** What happened until then is in the figures; what is heard of it later is added when it is. Null: nothing yet. */
  readonly countedUntil: string | null;
  readonly inputs: Inputs;
  readonly total: Kpis;
  /** Hours or days (UTC) in which anything happened. */
  readonly periods: readonly (KpiPeriod & { readonly kpis: PeriodKpis })[];
}

const InputQueries = () =>
  applyDecorators(
    ...Object.keys(inputParameters).map((name) =>
      ApiQuery({
        name,
        required: false,
        description: 'in place of the setting of the same name',
        schema: { type: 'number', minimum: 0 },
      }),
    ),
  );

/** How the business does. */
@ApiTags('kpis')
@Controller('kpis')
export class KpisApi {
  constructor(
    private readonly database: DataSource,
    private readonly definitions: Definitions,
    @Inject(CONFIG) private readonly config: CoordinatorConfig,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Cycle time, error rate, utilisation, throughput and return on investment of a stretch of time',
    description:
      'Hours and days are those of UTC; the stretch is widened to whole ones. Each thing counts in the hour in which it ' +
      'happened, whenever it was heard. Percentiles are exact to 5 %.',
  })
  @OfDefinition()
  @ApiQuery({
    name: 'from',
    required: false,
    type: String,
    description: 'Date or moment; 24 hours or 7 days before `to` when absent',
  })
  @ApiQuery({ name: 'to', required: false, type: String, description: 'Date or moment; now when absent' })
  @ApiQuery({ name: 'by', required: false, enum: spans, description: '`hour` when absent' })
  @InputQueries()
  @Answers(200, 'The figures, in all and by hour or day.', kpiAnswer)
  @ApiResponse({ status: 400, description: 'Not a stretch of time, or a longer one than can be asked for.' })
  async read(@Query() query: unknown): Promise<KpiAnswer> {
    const { definition, by, from: since, to: until, ...stated } = kpisQuery.parse(query);
    const now = Date.now();
    const { from, to } = stretch(by, since, until, now);
    const inputs = inputsOf(this.config, stated);
    const [rows, progress] = await Promise.all([
      this.database.query<RollupRow[]>(ROLLUP_SQL, [definition, by, ...[from, to, ...wholeDays(from, to)].map(iso)]),
      this.database.query<{ until: Date }[]>('select counted_until as until from kpi_progress'),
    ]);
    const ofPart = (wanted: RollupRow['part']) => rows.filter(({ part }) => part === wanted);
    const of = this.definitions.latest(definition);
    const hours = (start: number, end: number): number => Math.max(0, Math.min(end, now) - start) / HOUR_MS;
    return {
      definition,
      by,
      from: iso(from),
      to: iso(to),
      countedUntil: progress[0]?.until.toISOString() ?? null,
      inputs,
      total: kpisOf(of, sumOf(ofPart('total').map(({ tally }) => tally)), hours(from, to), inputs),
      periods: ofPart(by === 'hour' ? 'period' : 'total').map(({ startsAt, tally }) => {
        const [start, end] = [startsAt.getTime(), startsAt.getTime() + LENGTH_MS[by]];
        return { from: iso(start), to: iso(end), kpis: periodKpisOf(of, tally, hours(start, end), inputs) };
      }),
    };
  }
}

const iso = (at: number): string => new Date(at).toISOString();

/** The days that lie wholly within a stretch; where there are none, both ends are the same. */
const wholeDays = (from: number, to: number): readonly [first: number, end: number] => {
  const first = Math.ceil(from / LENGTH_MS.day) * LENGTH_MS.day;
  const end = Math.floor(to / LENGTH_MS.day) * LENGTH_MS.day;
  return first < end ? [first, end] : [to, to];
};

const stretch = (by: Span, since: string | undefined, until: string | undefined, now: number) => {
  const length = LENGTH_MS[by];
  const to = Math.ceil((until === undefined ? now : Date.parse(until)) / length) * length;
  const from =
    since === undefined ? to - DEFAULT_PERIODS[by] * length : Math.floor(Date.parse(since) / length) * length;
  if (from >= to) throw new Refused(400, 'invalid-request', '`from` must lie before `to`.');
  if ((to - from) / length > MOST_PERIODS[by]) {
    throw new Refused(
      400,
      'invalid-request',
      `That is more than ${MOST_PERIODS[by]} ${by}s; ask for less${by === 'hour' ? ', or by=day' : ''}.`,
    );
  }
  return { from, to };
};
