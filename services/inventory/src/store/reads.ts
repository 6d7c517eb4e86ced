import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Reservation } from '../domain/reservation.js';
import { byName, type Stock, unitsOf } from '../domain/stock.js';
import { AnyReservationEntity, ReservationEntity } from './reservations.js';

/** Which SKUs to list. */
export interface StockPage {
  /** SKUs after this one; absent for the first page. */
  readonly after?: string | undefined;
  readonly limit: number;
  /** What the SKU begins with. */
  readonly prefix?: string | undefined;
  /** Only SKUs of which all locations together have at most this many units available. */
  readonly low?: number | undefined;
}

/** Place of a backorder in the queue. */
export type QueuePlace = readonly [placedAt: string, orderId: string, shipment: number];

/** A level, or a SKU's waiting units, where the book says something else than the reservations do. */
export interface Drift {
  readonly sku: string;
  /** Null for the units that wait, which are counted over all locations. */
  readonly location: string | null;
  readonly booked: number;
  readonly live: number;
}

/** What one shipment has reserved of a SKU at a location. */
export interface Held {
  readonly orderId: string;
  readonly shipment: number;
  readonly quantity: number;
}

/** How many reservations a refused count names. */
export const NAMED_RESERVATIONS = 100;

/** How many differences an audit names; it counts all of them. */
const NAMED_DRIFTS = 20;

const LOW = `(select coalesce(sum((level->>'onHand')::bigint - (level->>'reserved')::bigint), 0)
  from jsonb_array_elements(levels) level)`;

/** One statement, so that all of it is seen at one moment, while reservations go on. */
export const AUDIT = `
with live as (
  select line->>'sku' sku, r.location, (line->>'quantity')::bigint units
  from reservation r, jsonb_array_elements(r.lines) line where r.state = 'reserved'
  union all
  select line->>'sku', r.location, -(line->>'quantity')::bigint
  from reservation r, jsonb_array_elements(r.missing) line where r.state = 'reserved'
  union all
  select line->>'sku', null, (line->>'quantity')::bigint
  from reservation r, jsonb_array_elements(r.lines) line where r.state = 'waiting'
), booked as (
  select sku, level->>'location' "location", (level->>'reserved')::bigint units, (level->>'onHand')::bigint on_hand
  from stock, jsonb_array_elements(levels) level
  union all
  select sku, null, waiting::bigint, null from stock
), compared as (
  select sku, "location", sum(booked) booked, sum(live) live, bool_or(broken) broken from (
    select sku, "location", units booked, 0 live, coalesce(units < 0 or units > on_hand, units < 0) broken from booked
    union all
    select sku, "location", 0, units, false from live
  ) both_sides group by sku, "location"
)
select sku, "location", booked::float8, live::float8, count(*) over () ::int total
from compared where booked <> live or broken order by sku, "location" limit ${NAMED_DRIFTS}`;

/** What is read for people and for audits. Nothing here locks or changes anything. */
@Injectable()
export class InventoryReads {
  constructor(private readonly database: DataSource) {}

  /** A page of SKUs, in the order of their names. */
  listStock({ after, limit, prefix, low }: StockPage): Promise<Stock[]> {
    return this.database.query(
      `select sku, name, levels, waiting from stock
       where sku > $1 and starts_with(sku, $2) and ($3::bigint is null or ${LOW} <= $3) order by sku limit $4`,
      [after ?? '', prefix ?? '', low ?? null, limit],
    );
  }

  async findStock(sku: string): Promise<Stock | undefined> {
    const rows: Stock[] = await this.database.query('select sku, name, levels, waiting from stock where sku = $1', [
      sku,
    ]);
    return rows[0];
  }

  /** The shipments of an order after a given one, ascending. */
  listReservations(orderId: string, after: number, limit: number): Promise<Reservation[]> {
    return this.database
      .getRepository(AnyReservationEntity)
      .createQueryBuilder('r')
      .where('r.orderId = :orderId and r.shipment > :after and not r.takenBack', { orderId, after })
      .orderBy('r.shipment')
      .limit(limit)
      .getMany();
  }

  /** What waits, in the order in which it will be served; of one SKU if one is given. */
  listBackorders(after: QueuePlace | undefined, sku: string | undefined, limit: number): Promise<Reservation[]> {
    const query = this.reservations()
      .where(`r.state = 'waiting'`)
      .orderBy({ 'r.placedAt': 'ASC', 'r.orderId': 'ASC', 'r.shipment': 'ASC' })
      .limit(limit);
    if (after) {
      const [placedAt, orderId, shipment] = after;
      const place = { placedAt, orderId, shipment };
      query.andWhere('(r.placedAt, r.orderId, r.shipment) > (:placedAt::timestamptz, :orderId, :shipment)', place);
    }
    if (sku !== undefined) query.andWhere('r.lines @> :held::jsonb', { held: JSON.stringify([{ sku }]) });
    return query.getMany();
  }

  /**
   * Some of the shipments for which a SKU is reserved at a location, to name them to somebody whose count is refused: no
   * more than `NAMED_RESERVATIONS`, nor than there are units reserved, so that it ends where all are found.
   *
   * No index knows them: one would cost each order, for what is asked about once in a while. So it reads the table, which
   * holds what is under way and what has ended within the hour; in one read, outside of any unit of work.
   * @param reserved units that the book has reserved there
   */
  async reservedAt(sku: string, location: string, reserved: number): Promise<readonly Held[]> {
    const rows: readonly Pick<Reservation, 'orderId' | 'shipment' | 'lines'>[] = await this.database.query(
      `select order_id "orderId", shipment, lines from reservation
       where state = 'reserved' and location = $2 and lines @> jsonb_build_array(jsonb_build_object('sku', $1::text))
       limit $3`,
      [sku, location, Math.min(reserved, NAMED_RESERVATIONS)],
    );
    const held = rows.map(({ orderId, shipment, lines }) => ({
      orderId,
      shipment,
      quantity: unitsOf(lines).get(sku) ?? 0,
    }));
    return held.sort((a, b) => byName(a.orderId, b.orderId) || a.shipment - b.shipment);
  }

  /** How many levels and queues the book has wrong, and the first of them; 0 unless there is a bug. */
  async audit(): Promise<{ readonly drift: number; readonly examples: readonly Drift[] }> {
    const rows: (Drift & { readonly total: number })[] = await this.database.query(AUDIT);
    const examples = rows.map(({ sku, location, booked, live }) => ({ sku, location, booked, live }));
    return { drift: rows[0]?.total ?? 0, examples };
  }

  private reservations() {
    return this.database.getRepository(ReservationEntity).createQueryBuilder('r');
  }
}
