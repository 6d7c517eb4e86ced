import type { Fact, Saga, SagaStatus } from '@baton/saga';
import { archived, defineStore, isoTimestamp, StateEntity, TracedEntity } from '@baton/messaging';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { HistoryRecord, IncidentRecord, SagaRecord } from '../domain/records.js';

@Entity('saga')
export class SagaEntity extends TracedEntity implements SagaRecord {
  @PrimaryColumn({ name: 'definition', type: 'text' })
  definition!: string;

  @PrimaryColumn({ name: 'order_id', type: 'text' })
  orderId!: string;

  @Column({ name: 'version', type: 'int' })
  version!: number;

  @Column({ name: 'status', type: 'text' })
  status!: SagaStatus;

  @Column({ name: 'state', type: 'json' })
  state!: Saga;

  @Column({ name: 'due_at', type: 'timestamptz', nullable: true, transformer: isoTimestamp })
  dueAt!: string | null;

  @Column({ name: 'visits', type: 'int' })
  visits!: number;

  @Column({ name: 'open_incidents', type: 'int' })
  openIncidents!: number;

  @Column({ name: 'created_at', type: 'timestamptz', transformer: isoTimestamp })
  createdAt!: string;

  @Column({ name: 'updated_at', type: 'timestamptz', transformer: isoTimestamp })
  updatedAt!: string;

  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true, transformer: isoTimestamp })
  endedAt!: string | null;

  @Column({ name: 'continued_at', type: 'timestamptz', nullable: true, transformer: isoTimestamp })
  continuedAt!: string | null;
}

/** Sagas, those in the archive included; for reading alone. */
@Entity('saga_all')
export class AnySagaEntity extends SagaEntity {
  @Column({ name: 'taken_back', type: 'boolean' })
  takenBack!: boolean;
}

/** The sagas; those that have ended and have no deadline and no incident left go to the archive. */
export const Sagas = archived(defineStore<SagaRecord>()(SagaEntity, 'definition', 'orderId'), {
  // Deadlines and open incidents are looked for in the table alone.
  ended: 'ended_at is not null and due_at is null and open_incidents = 0',
  since: 'updated_at',
});

/** One row for all that happened to a saga in one unit of work. */
@Entity('saga_history')
export class HistoryEntity extends StateEntity implements HistoryRecord {
  @PrimaryColumn({ name: 'definition', type: 'text' })
  definition!: string;

  @PrimaryColumn({ name: 'order_id', type: 'text' })
  orderId!: string;

  @PrimaryColumn({ name: 'unit', type: 'text' })
  unit!: string;

  @Column({ name: 'visit', type: 'int' })
  visit!: number;

  @Column({ name: 'at', type: 'timestamptz', transformer: isoTimestamp })
  at!: string;

  @Column({ name: 'facts', type: 'jsonb' })
  facts!: readonly Fact[];
}

/** What happened to the sagas. */
export const History = defineStore<HistoryRecord>()(HistoryEntity, 'definition', 'orderId', 'unit');

@Entity('incident')
export class IncidentEntity extends StateEntity implements IncidentRecord {
  @PrimaryColumn({ name: 'incident_id', type: 'text' })
  incidentId!: string;

  @Column({ name: 'definition', type: 'text' })
  definition!: string;

  @Column({ name: 'order_id', type: 'text' })
  orderId!: string;

  @Column({ name: 'shipment', type: 'int' })
  shipment!: number;

  @Column({ name: 'step', type: 'text' })
  step!: string;

  @Column({ name: 'reason', type: 'text' })
  reason!: string;

  @Column({ name: 'owner', type: 'text' })
  owner!: string;

  @Column({ name: 'opened_at', type: 'timestamptz', transformer: isoTimestamp })
  openedAt!: string;

  @Column({ name: 'due_at', type: 'timestamptz', transformer: isoTimestamp })
  dueAt!: string;

  @Column({ name: 'resolved_at', type: 'timestamptz', nullable: true, transformer: isoTimestamp })
  resolvedAt!: string | null;
}

/** Incidents, those in the archive included; for reading alone. */
@Entity('incident_all')
export class AnyIncidentEntity extends IncidentEntity {
  @Column({ name: 'taken_back', type: 'boolean' })
  takenBack!: boolean;
}

/** The incidents; those that are settled go to the archive. */
export const Incidents = archived(defineStore<IncidentRecord>()(IncidentEntity, 'incidentId'), {
  ended: 'resolved_at is not null',
  since: 'resolved_at',
});
