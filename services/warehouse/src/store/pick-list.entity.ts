import type { MissingLine } from '@baton/contracts';
import { archived, defineStore, isoTimestamp, TracedEntity, stateIn } from '@baton/messaging';
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

/** Pick lists, those in the archive included; for reading alone. */
@Entity('pick_lists_all')
export class AnyPickListEntity extends PickListEntity {
  @Column({ name: 'taken_back', type: 'boolean' })
  takenBack!: boolean;
}

/** States in which a list may lie in the archive; in all others it is found in the table alone, which stays small. */
export const RESTING: readonly PickListState[] = ['packed', 'cancelled'];

export const PickLists = archived(defineStore<PickList>()(PickListEntity, 'orderId', 'shipment'), {
  ended: stateIn(RESTING),
  since: 'created_at',
});
