import { type Page, pageOf } from '@baton/service-kit';
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

export interface ShipmentPage extends Page {
  readonly items: readonly Shipment[];
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
  const { page, next } = pageOf(found, limit, ({ orderId, shipment }) => [orderId, shipment]);
  return { items: page.map(viewOf), next };
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
