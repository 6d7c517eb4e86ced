import type { DataSource } from 'typeorm';
import { type Shipment, type ShipmentState, viewOf } from '../domain/shipment.js';
import { AnyShipmentEntity, RESTING, ShipmentEntity } from './shipment.entity.js';

export interface ShipmentFilter {
  readonly order?: string | undefined;
  readonly state?: ShipmentState | undefined;
  /** The last shipment of the page before. */
  readonly after?: readonly [string, number] | undefined;
  /** How many shipments at most. */
  readonly limit: number;
}

export interface ShipmentPage {
  readonly items: readonly Shipment[];
  /** What `after` must be for the next page; null on the last. */
  readonly next: string | null;
}

/** Shipments by order and number, by keyset, so that a page costs the same wherever it lies. */
export const pageOfShipments = async (database: DataSource, filter: ShipmentFilter): Promise<ShipmentPage> => {
  const { order, state, after, limit } = filter;
  const mayRest = state === undefined || RESTING.includes(state);
  const query = database
    .getRepository<ShipmentEntity>(mayRest ? AnyShipmentEntity : ShipmentEntity)
    .createQueryBuilder('row')
    .where(mayRest ? 'not row.takenBack' : 'true')
    .orderBy({ 'row.orderId': 'ASC', 'row.shipment': 'ASC' })
    .limit(limit + 1);
  if (order !== undefined) query.andWhere('row.orderId = :order', { order });
  if (state !== undefined) query.andWhere('row.state = :state', { state });
  if (after !== undefined) {
    const [orderId, shipment] = after;
    query.andWhere('(row.order_id, row.shipment) > (:orderId, :shipment)', { orderId, shipment });
  }
  const found = await query.getMany();
  const items = found.slice(0, limit).map(viewOf);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items, next: last ? `${last.orderId}/${last.shipment}` : null };
};

/** Which shipment a carrier means by its tracking number; the newest, for carriers use their numbers again. */
export const shipmentTrackedAs = (
  database: DataSource,
  carrier: string,
  trackingNumber: string,
): Promise<Shipment | null> =>
  database
    .getRepository(AnyShipmentEntity)
    .findOne({ where: { carrier, trackingNumber, takenBack: false }, order: { createdAt: 'DESC' } });
