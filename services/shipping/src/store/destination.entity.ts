import type { ServiceLevel } from '@baton/contracts';
import { archived, defineStore, StateEntity } from '@baton/messaging';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Destination } from '../domain/address.js';

@Entity('destinations')
export class DestinationEntity extends StateEntity implements Destination {
  @PrimaryColumn({ name: 'order_id', type: 'text' })
  orderId!: string;

  @Column({ name: 'service_level', type: 'text', nullable: true })
  serviceLevel!: ServiceLevel | null;

  @Column({ name: 'recipient_name', type: 'text', nullable: true })
  name!: string | null;

  @Column({ name: 'address_street', type: 'text', nullable: true })
  street!: string | null;

  @Column({ name: 'address_city', type: 'text', nullable: true })
  city!: string | null;

  @Column({ name: 'address_region', type: 'text', nullable: true })
  region!: string | null;

  @Column({ name: 'address_postal_code', type: 'text', nullable: true })
  postalCode!: string | null;

  @Column({ name: 'address_country', type: 'text', nullable: true })
  country!: string | null;

  @Column({ name: 'waiting', type: 'jsonb' })
  waiting!: readonly number[];
}

/** Destinations, those in the archive included; for reading alone. */
@Entity('destinations_all')
export class AnyDestinationEntity extends DestinationEntity {
  @Column({ name: 'taken_back', type: 'boolean' })
  takenBack!: boolean;
}

export const Destinations = archived(defineStore<Destination>()(DestinationEntity, 'orderId'), {
  // Whoever books once more takes it back.
  ended: `service_level is not null and waiting = '[]'`,
  since: 'created_at',
});
