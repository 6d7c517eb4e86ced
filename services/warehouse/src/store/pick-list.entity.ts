import type { MissingLine } from '@baton/contracts';
import { defineStore, isoTimestamp, TracedEntity } from '@baton/messaging';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { PickLine, PickList, PickListState } from '../domain/pick-list.js';

@Entity('pick_lists')
export class PickListEntity extends TracedEntity implements PickList {
  @PrimaryColumn({ name: 'order_id', type: 'text' })
  orderId!: string;

  @PrimaryColumn({ name: 'shipment', type: 'int' })
  shipment!: number;

  @Column({ name: 'state', type: 'text' })
  state!: PickListState;

  @Column({ name: 'location', type: 'text', nullable: true })
  location!: string | null;

  @Column({ name: 'lines', type: 'jsonb' })
  lines!: readonly PickLine[];

  @Column({ name: 'worker', type: 'text', nullable: true })
  worker!: string | null;

  @Column({ name: 'parcels', type: 'int', nullable: true })
  parcels!: number | null;

  @Column({ name: 'missing', type: 'jsonb' })
  missing!: readonly MissingLine[];

  @Column({ name: 'created_at', type: 'timestamptz', transformer: isoTimestamp })
  createdAt!: string;
}

export const PickLists = defineStore<PickList>()(PickListEntity, 'orderId', 'shipment');
