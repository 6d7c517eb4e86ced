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

export interface PickListPage {
  readonly items: readonly PickList[];
  /** What `after` must be for the next page; null on the last. */
  readonly next: string | null;
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
  const items = found.slice(0, limit).map(viewOf);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items, next: last ? `${last.createdAt}/${last.orderId}/${last.shipment}` : null };
};
