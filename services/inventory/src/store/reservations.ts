import type { Line, MissingLine, ShortLine } from '@baton/contracts';
import { defineQuery, defineStore, isoTimestamp, TracedEntity } from '@baton/messaging';
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

export const Reservations = defineStore<Reservation>()(ReservationEntity, 'orderId', 'shipment');

/**
 * The whole queue. It has no parameters, so that all messages of a unit of work share one statement: with thousands
 * waiting, its cost is one read of the queue a unit of work, however many releases that handles. (Following SKUs from
 * one backorder to the next instead ends at nearly the whole queue as soon as something popular is short, and would do
 * so for every message.)
 */
export const waitingBackorders = defineQuery(Reservations, {
  where: `state = 'waiting'`,
  bind: (_: Record<never, never>) => [],
  matches: ({ state }) => state === 'waiting',
  compare: byAge,
});

/** What is reserved of a SKU at a location: only to name it to somebody whose count is refused. */
export const reservedAt = defineQuery(Reservations, {
  where: `state = 'reserved' and location = $2 and lines @> jsonb_build_array(jsonb_build_object('sku', $1::text))`,
  bind: ({ sku, location }: { readonly sku: string; readonly location: string }) => [sku, location],
  matches: (row, { sku, location }) =>
    row.state === 'reserved' && row.location === location && row.lines.some((line) => line.sku === sku),
  compare: (a, b) => (a.orderId < b.orderId ? -1 : a.orderId > b.orderId ? 1 : a.shipment - b.shipment),
});
