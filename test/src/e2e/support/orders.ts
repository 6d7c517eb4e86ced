import type { OrderInput } from '@baton/contracts';

export const LOCATION = 'West';

export const line = (sku: string, quantity = 1, lineId = '1') => ({ lineId, sku, quantity });

/** A valid order of one unit of TEA; the customer's name, street and mail address are found nowhere else. */
export const order = (orderId: string, more: Partial<OrderInput> = {}): OrderInput => ({
  orderId,
  customer: {
    name: 'Zacharias Quellwasser',
    email: `zq-${orderId.toLowerCase()}@customers.example`,
    address: { street: '7 Kornblumenweg', city: 'Henderson', postalCode: '42420', country: 'United States' },
  },
  region: LOCATION,
  lines: [line('TEA')],
  ...more,
});

/** `prefix-1`, `prefix-2` … */
export const ids = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
