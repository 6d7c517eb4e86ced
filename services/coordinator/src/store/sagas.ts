import type { Fact, Saga, SagaStatus } from '@baton/saga';
import { defineStore, isoTimestamp, StateEntity, TracedEntity } from '@baton/messaging';
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
}

export const Sagas = defineStore<SagaRecord>()(SagaEntity, 'definition', 'orderId');

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

export const Incidents = defineStore<IncidentRecord>()(IncidentEntity, 'incidentId');
