import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type OrderRecord, type OrderStatus, orderStatuses } from '../domain/order.js';
import { AnyOrderEntity } from './order.entity.js';

/** One row of the list. */
export interface OrderSummary {
  readonly orderId: string;
  readonly status: AcceptedStatus;
  readonly statusSince: string;
  readonly placedAt: string;
  readonly lines: number;
  readonly units: number;
}

/** Place in the list, newest first: the last row of the page before. */
export type Place = readonly [placedAt: string, orderId: string];

/** A record, and the trace in which it was made (`traceOfText` reads it). */
export type StoredOrder<Known extends OrderRecord = OrderRecord> = Known & { readonly trace: string | null };

/** A status that an accepted order can have. */
export type AcceptedStatus = Exclude<OrderStatus, 'awaited'>;
export const acceptedStatuses = orderStatuses.filter((status) => status !== 'awaited');

/** The newest of all are among the newest of each status: $1 rows, of the statuses $2, after the order ($3, $4). */
export const listSql = (after?: Place): string => {
  const newest = 'order by placed_at desc, order_id desc limit $1';
  return `
    select page.order_id, page.status, page.status_since, page.placed_at, jsonb_array_length(page.lines) as lines,
           (select sum((line->>'quantity')::int)::int from jsonb_array_elements(page.lines) line) as units
    from unnest($2::text[]) wanted (status)
    cross join lateral (
      select order_id, status, status_since, placed_at, lines from orders_all
      where status = wanted.status and placed_at is not null and not taken_back
        ${after ? 'and (placed_at, order_id) < ($3, $4)' : ''} ${newest}) page
    ${newest}`;
};

/** What is read for people. Nothing here locks or changes anything. */
@Injectable()
export class OrderQueries {
  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  async find(orderId: string): Promise<StoredOrder | undefined> {
    return (await this.database.getRepository(AnyOrderEntity).findOneBy({ orderId, takenBack: false })) ?? undefined;
  }

  /**
   * A page of accepted orders, newest first, after a place. Reads `limit` rows of an index of each status, however many
   * there are.
   */
  async list(options: {
    readonly status?: AcceptedStatus | undefined;
    readonly after?: Place | undefined;
    readonly limit: number;
  }): Promise<readonly OrderSummary[]> {
    const { status, after, limit } = options;
    const rows: readonly SummaryRow[] = await this.database.query(listSql(after), [
      limit,
      status ? [status] : acceptedStatuses,
      ...(after ?? []),
    ]);
    return rows.map((row) => ({
      orderId: row.order_id,
      status: row.status,
      statusSince: row.status_since.toISOString(),
      placedAt: row.placed_at.toISOString(),
      lines: row.lines,
      units: row.units,
    }));
  }

  /** How many accepted orders there are in each status; reads the kept counts, not the orders. */
  async countByStatus(): Promise<Readonly<Record<AcceptedStatus, number>>> {
    const rows: readonly { status: AcceptedStatus; orders: number }[] = await this.database.query(
      'select status, sum(orders)::float8 as orders from order_counts group by status',
    );
    const counts = new Map(rows.map(({ status, orders }) => [status, orders]));
    return Object.fromEntries(acceptedStatuses.map((status) => [status, counts.get(status) ?? 0])) as Record<
      AcceptedStatus,
      number
    >;
  }
}

interface SummaryRow {
  readonly order_id: string;
  readonly status: AcceptedStatus;
  readonly status_since: Date;
  readonly placed_at: Date;
  readonly lines: number;
  readonly units: number;
}
