import { type Page, pageOf } from '@baton/service-kit';
import type { DataSource } from 'typeorm';
import { type PickList, type PickListState, viewOf } from '../domain/pick-list.js';
import { AnyPickListEntity, PickListEntity, RESTING } from './pick-list.entity.js';

export interface PickListFilter {
  readonly location?: string | undefined;
  readonly state?: PickListState | undefined;
  /** Position of the last list of the page before: when it came, order, shipment. */
  readonly after?: readonly [string, string, number] | undefined;
  /** How many lists at most. */
  readonly limit: number;
}

export interface PickListPage extends Page {
  readonly items: readonly PickList[];
}

/** Pick lists oldest first, by keyset, so that a page costs the same wherever it lies. */
export const pageOfPickLists = async (database: DataSource, filter: PickListFilter): Promise<PickListPage> => {
  const { location, state, after, limit } = filter;
  const mayRest = state === undefined || RESTING.includes(state);
  const query = database
    .getRepository<PickListEntity>(mayRest ? AnyPickListEntity : PickListEntity)
    .createQueryBuilder('list')
    .where(mayRest ? 'not list.takenBack' : 'true')
    .orderBy({ 'list.createdAt': 'ASC', 'list.orderId': 'ASC', 'list.shipment': 'ASC' })
    .limit(limit + 1);
  if (state !== undefined) query.andWhere('list.state = :state', { state });
  if (location !== undefined) query.andWhere('list.location = :location', { location });
  if (after !== undefined) {
    const [at, order, shipment] = after;
    query.andWhere('(list.created_at, list.order_id, list.shipment) > (:at, :order, :shipment)', {
      at,
      order,
      shipment,
    });
  }
  const found = await query.getMany();
  const { page, next } = pageOf(found, limit, ({ createdAt, orderId, shipment }) => [createdAt, orderId, shipment]);
  return { items: page.map(viewOf), next };
};
