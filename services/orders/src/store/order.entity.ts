import type { Customer, Line, ServiceLevel, ShortagePreference } from '@baton/contracts';
import { archived, defineStore, isoTimestamp, TracedEntity } from '@baton/messaging';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Delay, Ending, OrderRecord, OrderStatus, ShipmentFacts, Wish } from '../domain/order.js';

@Entity('orders')
export class OrderEntity extends TracedEntity implements OrderRecord {
  @PrimaryColumn({ name: 'order_id', type: 'text' }) orderId!: string;
  @Column({ name: 'status', type: 'text' }) status!: OrderStatus;
  @Column({ name: 'status_since', type: 'timestamptz', transformer: isoTimestamp }) statusSince!: string;
  @Column({ name: 'placed_at', type: 'timestamptz', nullable: true, transformer: isoTimestamp }) placedAt!:
    | string
    | null;
  @Column({ name: 'customer', type: 'jsonb', nullable: true }) customer!: Customer | null;
  @Column({ name: 'region', type: 'text', nullable: true }) region!: string | null;
  @Column({ name: 'service_level', type: 'text', nullable: true }) serviceLevel!: ServiceLevel | null;
  @Column({ name: 'on_shortage', type: 'text', nullable: true }) onShortage!: ShortagePreference | null;
  @Column({ name: 'lines', type: 'jsonb' }) lines!: readonly Line[];
  @Column({ name: 'wishes', type: 'jsonb' }) wishes!: readonly Wish[];
  @Column({ name: 'shipments', type: 'jsonb' }) shipments!: readonly ShipmentFacts[];
  @Column({ name: 'delay', type: 'jsonb', nullable: true }) delay!: Delay | null;
  @Column({ name: 'ending', type: 'jsonb', nullable: true }) ending!: Ending | null;
  @Column({ name: 'wishes_expire_at', type: 'timestamptz', nullable: true, transformer: isoTimestamp })
  wishesExpireAt!: string | null;
}

/** One record per order id. */
export const Orders = archived(defineStore<OrderRecord>()(OrderEntity, 'orderId'), {
  // What waits for an order that never came has ended with its last wish.
  ended: `status in ('completed', 'cancelled', 'awaited') and wishes_expire_at is null`,
  since: 'status_since',
});

/** Orders, those in the archive included; for reading alone. */
@Entity('orders_all')
export class AnyOrderEntity extends OrderEntity {
  @Column({ name: 'taken_back', type: 'boolean' }) takenBack!: boolean;
}
