import { archived, defineStore, isoTimestamp, TracedEntity, stateIn } from '@baton/messaging';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Booking, Shipment, ShipmentState, TrackingFact } from '../domain/shipment.js';

@Entity('shipments')
export class ShipmentEntity extends TracedEntity implements Shipment {
  @PrimaryColumn({ name: 'order_id', type: 'text' })
  orderId!: string;

  @PrimaryColumn({ name: 'shipment', type: 'int' })
  shipment!: number;

  @Column({ name: 'state', type: 'text' })
  state!: ShipmentState;

  @Column({ name: 'parcels', type: 'int', nullable: true })
  parcels!: number | null;

  @Column({ name: 'attempt', type: 'int' })
  attempt!: number;

  @Column({ name: 'carrier', type: 'text', nullable: true })
  carrier!: string | null;

  @Column({ name: 'bookings', type: 'jsonb' })
  bookings!: readonly Booking[];

  @Column({ name: 'tracking_number', type: 'text', nullable: true })
  trackingNumber!: string | null;

  @Column({ name: 'dispatched_at', type: 'timestamptz', nullable: true, transformer: isoTimestamp })
  dispatchedAt!: string | null;

  @Column({ name: 'tracking', type: 'jsonb' })
  tracking!: readonly TrackingFact[];

  @Column({ name: 'created_at', type: 'timestamptz', transformer: isoTimestamp })
  createdAt!: string;
}

/** Shipments, those in the archive included; for reading alone. */
@Entity('shipments_all')
export class AnyShipmentEntity extends ShipmentEntity {
  @Column({ name: 'taken_back', type: 'boolean' })
  takenBack!: boolean;
}

/** States in which a shipment may lie in the archive; in all others it is found in the table alone, which stays small. */
export const RESTING: readonly ShipmentState[] = ['delivered', 'lost', 'returned', 'cancelled'];

/** The shipments; those that have ended go to the archive. */
export const Shipments = archived(defineStore<Shipment>()(ShipmentEntity, 'orderId', 'shipment'), {
  ended: stateIn(RESTING),
  since: 'coalesce(t.dispatched_at, t.created_at)',
});
