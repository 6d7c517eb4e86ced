import type { InstrumentDeclaration } from '@baton/messaging';
import type { ServiceMetrics } from '@baton/service-kit';
import { orderStatuses } from './domain/order.js';

const orders = {
  name: 'baton.orders',
  kind: 'gauge',
  description: 'Orders by the status that their customers see.',
  unit: '{order}',
  attributes: { status: 'the status' },
} as const satisfies InstrumentDeclaration;

export const ordersMetrics: ServiceMetrics = {
  declared: { orders },
  // The counts that triggers keep; no order is looked at.
  read: async (ask) => {
    const rows = await ask('select status, sum(orders)::float8 as orders from order_counts group by status');
    const found = new Map(rows.map((row) => [row['status'], Number(row['orders'])] as const));
    return orderStatuses.map((status) => ({ of: orders, value: found.get(status) ?? 0, attributes: { status } }));
  },
};
