import { CONFIG, defineService } from '@baton/service-kit';
import { Module } from '@nestjs/common';
import { IncidentsApi, SagasApi } from './api.js';
import { type CoordinatorConfig, coordinatorConfig } from './config.js';
import { dueSagas, longSagas } from './deadlines.js';
import { Definitions, expectedEvents, lastEventsOfEach } from './definitions/index.js';
import { KpisApi } from './kpis/api.js';
import { SagaMeters } from './kpis/meters.js';
import { coordinatorMetrics } from './kpis/metrics.js';
import { KpiRollup } from './kpis/rollup.js';
import { COUNTED_SAGAS } from './kpis/rollup-store.js';
import { CoordinatorReactions } from './reactions.js';
import { Sagas1700000001000 } from './store/migrations/1-sagas.js';
import { Kpis1764000002000 } from './store/migrations/2-kpis.js';
import { RoomForUpdates1764000003000 } from './store/migrations/3-room-for-updates.js';
import { Archive1764000004000, UNCOUNT_DROPPED } from './store/migrations/4-archive.js';
import { PrimaryKeyLast1764000005000 } from './store/migrations/5-primary-key-last.js';
import { Looked1764000006000 } from './store/migrations/6-looked.js';
import { Continued1764000011000 } from './store/migrations/7-continued.js';
import { ChangingColumnsLast1764000012000 } from './store/migrations/8-changing-columns-last.js';
import { OneListIndex1764000013000 } from './store/migrations/9-one-list-index.js';
import { SagaReads } from './store/reads.js';
import {
  AnyIncidentEntity,
  AnySagaEntity,
  HistoryEntity,
  IncidentEntity,
  Incidents,
  SagaEntity,
  Sagas,
} from './store/sagas.js';

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
  entities: [SagaEntity, AnySagaEntity, HistoryEntity, IncidentEntity, AnyIncidentEntity],
  migrations: [
    Sagas1700000001000,
    Kpis1764000002000,
    RoomForUpdates1764000003000,
    Archive1764000004000,
    PrimaryKeyLast1764000005000,
    Looked1764000006000,
    Continued1764000011000,
    ChangingColumnsLast1764000012000,
    OneListIndex1764000013000,
  ],
  retention: {
    stores: [Sagas, Incidents],
    tables: [COUNTED_SAGAS],
    histories: ['saga_history'],
    beforeDrop: { saga: UNCOUNT_DROPPED },
  },
  config: coordinatorConfig,
  dueSources: [dueSagas, longSagas],
  gathering: { patient: expectedEvents, together: lastEventsOfEach, patientLoadMs: 4_000, loadMs: 2_000 },
  metrics: coordinatorMetrics,
});
