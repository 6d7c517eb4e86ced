import { CONFIG, defineService } from '@baton/service-kit';
import { Module } from '@nestjs/common';
import { IncidentsApi, SagasApi } from './api.js';
import { type CoordinatorConfig, coordinatorConfig } from './config.js';
import { dueSagas } from './deadlines.js';
import { Definitions } from './definitions/index.js';
import { KpisApi } from './kpis/api.js';
import { SagaMeters } from './kpis/meters.js';
import { coordinatorMetrics } from './kpis/metrics.js';
import { KpiRollup } from './kpis/rollup.js';
import { CoordinatorReactions } from './reactions.js';
import { Sagas1700000001000 } from './store/migrations/1-sagas.js';
import { Kpis1764000002000 } from './store/migrations/2-kpis.js';
import { SagaReads } from './store/reads.js';
import { HistoryEntity, IncidentEntity, SagaEntity } from './store/sagas.js';

@Module({
  controllers: [CoordinatorReactions, SagasApi, IncidentsApi, KpisApi],
  providers: [
    SagaReads,
    SagaMeters,
    KpiRollup,
    {
      provide: Definitions,
      inject: [CONFIG],
      useFactory: (config: CoordinatorConfig) => new Definitions(config.COORDINATOR_POLICY),
    },
  ],
})
export class CoordinatorModule {}

/** Watches every order: knows what must happen next and by when, and what to do when it does not. */
export const coordinator = defineService({
  name: 'coordinator',
  doc: 'What every order waits for, since when, until when and what happens then; and the incidents that need a person.',
  module: CoordinatorModule,
  entities: [SagaEntity, HistoryEntity, IncidentEntity],
  migrations: [Sagas1700000001000, Kpis1764000002000],
  config: coordinatorConfig,
  dueSources: [dueSagas],
  gatherMs: 1_000,
  metrics: coordinatorMetrics,
});
