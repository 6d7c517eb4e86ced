import { type PipelineRuntime, Refused } from '@baton/messaging';
import { Controller, Get, Inject, ServiceUnavailableException } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthCheck, type HealthCheckResult, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { BaseConfig } from './config.js';
import { BASE_CONFIG, PIPELINE } from './tokens.js';

const DATABASE_TIMEOUT_MS = 2_000;

/** Liveness says that the process answers; readiness, that its work goes on: Postgres, consumer, outbox. */
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicator: HealthIndicatorService,
    @Inject(PIPELINE) private readonly pipeline: PipelineRuntime | undefined,
    @Inject(BASE_CONFIG) private readonly config: BaseConfig,
  ) {}

  @Get('live')
  live(): { status: string } {
    return { status: 'ok' };
  }

  @Get('ready')
  @HealthCheck({ noCache: true })
  ready(): Promise<HealthCheckResult> {
    return this.look().catch((error: unknown) => {
      throw error instanceof ServiceUnavailableException ? notReady(error) : error;
    });
  }

  private async look(): Promise<HealthCheckResult> {
    const { pipeline } = this;
    if (!pipeline) return this.health.check([]);
    return this.health.check([
      async () => {
        const check = this.indicator.check('postgres');
        const answered = await inTime(pipeline.database.query('select 1')).then(
          () => true,
          () => false,
        );
        return answered ? check.up() : check.down('does not answer');
      },
      async () => {
        const { consuming } = await healthOf(pipeline);
        const check = this.indicator.check('consumer');
        return consuming ? check.up() : check.down('does not read its topics');
      },
      async () => {
        const { outboxAge } = await healthOf(pipeline);
        const check = this.indicator.check('outbox');
        const details = { ageSeconds: Math.round(outboxAge) };
        return outboxAge <= this.config.READY_OUTBOX_AGE_S ? check.up(details) : check.down(details);
      },
    ]);
  }
}

/** A problem that says what does not work. */
const notReady = (error: ServiceUnavailableException): Refused => {
  const { error: down } = error.getResponse() as { readonly error?: unknown };
  if (typeof down !== 'object' || down === null) return new Refused(503, 'not-ready', `Not ready: ${error.message}`);
  return new Refused(503, 'not-ready', `Not ready: ${Object.keys(down).join(', ')}`, { down });
};

const healthOf = (pipeline: PipelineRuntime) =>
  inTime(pipeline.health()).catch(() => {
    throw new ServiceUnavailableException('The database does not answer.');
  });

/** Rejects when the database has not answered in time: one that hangs answers nothing, not even that. */
const inTime = async <T>(asked: Promise<T>): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('No answer in time')), DATABASE_TIMEOUT_MS);
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
};
