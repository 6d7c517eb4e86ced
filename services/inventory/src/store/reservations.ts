import type { Line, MissingLine, ShortLine } from '@baton/contracts';
import { archived, defineQuery, defineStore, isoTimestamp, TracedEntity } from '@baton/messaging';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { byAge, type Reservation, type ReservationState } from '../domain/reservation.js';

@Entity('reservation')
export class ReservationEntity extends TracedEntity implements Reservation {
  @PrimaryColumn({ name: 'order_id', type: 'text' })
  orderId!: string;

  @PrimaryColumn({ name: 'shipment', type: 'int' })
  shipment!: number;

  @Column({ name: 'state', type: 'text' })
  state!: ReservationState;

  @Column({ name: 'lines', type: 'jsonb' })
  lines!: readonly Line[];

  @Column({ name: 'region', type: 'text', nullable: true })
  region!: string | null;

  @Column({ name: 'location', type: 'text', nullable: true })
  location!: string | null;

  @Column({ name: 'placed_at', type: 'timestamptz', nullable: true, transformer: isoTimestamp })
  placedAt!: string | null;

  @Column({ name: 'deadline', type: 'timestamptz', nullable: true, transformer: isoTimestamp })
  deadline!: string | null;

  @Column({ name: 'short', type: 'jsonb', nullable: true })
  short!: readonly ShortLine[] | null;

  @Column({ name: 'released', type: 'jsonb', nullable: true })
  released!: { readonly lines: readonly Line[]; readonly missing: readonly MissingLine[] } | null;

  @Column({ name: 'missing', type: 'jsonb' })
  missing!: readonly MissingLine[];
}

/** Reservations, those in the archive included; for reading alone. */
@Entity('reservation_all')
export class AnyReservationEntity extends ReservationEntity {
  @Column({ name: 'taken_back', type: 'boolean' })
  takenBack!: boolean;
}

/** The reservations; those whose shipment has ended go to the archive. */
export const Reservations = archived(defineStore<Reservation>()(ReservationEntity, 'orderId', 'shipment'), {
  ended: `state in ('settled', 'released', 'short', 'tombstone')`,
  since: 'created_at',
});

/** SKUs of a change, as parameters of queries that follow the queue from them. */
export interface ChangedSkus {
  readonly skus: readonly string[];
}

/**
 * The given SKUs ($1), those of the backorders that want one of them, and so on, by the index `reservation_wanting`. It
 * costs what is connected with them, however much else waits.
 */
export const REACHED = `with recursive reached (sku) as (
    select unnest($1::text[])
    union
    select wanted.sku from reached cross join lateral (
      select line->>'sku' as sku
      from reservation w cross join jsonb_array_elements(w.lines) line
      where w.state = 'waiting' and w.lines @> jsonb_build_array(jsonb_build_object('sku', reached.sku))
      offset 0
    ) wanted
  )`;

/** Messages of one unit of work share one statement, whatever SKUs they change. */
export const allSkus = (changes: readonly ChangedSkus[]): ChangedSkus => ({
  skus: [...new Set(changes.flatMap(({ skus }) => skus))].sort(),
});

/**
 * The part of the queue that is connected with some SKUs. In memory it answers with all backorders at hand: `serveQueue`
 * picks those that are connected.
 */
export const connectedBackorders = defineQuery(Reservations, {
  // The ids first, as an array: joined instead, the planner may read the whole queue for each SKU.
  where: `state = 'waiting' and order_id = any(array(
    ${REACHED}
    select wanting.order_id from reached cross join lateral (
      select w.order_id from reservation w
      where w.state = 'waiting' and w.lines @> jsonb_build_array(jsonb_build_object('sku', reached.sku))
      offset 0
    ) wanting))`,
  bind: ({ skus }: ChangedSkus) => [skus],
  merge: allSkus,
  matches: ({ state }) => state === 'waiting',
  compare: byAge,
});
