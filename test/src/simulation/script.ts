import fc from 'fast-check';
import type { Script } from './run.js';

const SKUS = ['chair', 'table', 'lamp'];
/** Now and then somebody orders what no location has ever held. */
const sku = fc.constantFrom(...SKUS, ...SKUS, ...SKUS, 'unicorn');
const order = fc.record({
  onShortage: fc.constantFrom('backorder' as const, 'backorder' as const, 'cancel' as const),
  lines: fc.array(fc.tuple(sku, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 3 }),
});
const level = fc.integer({ min: 0, max: 6 });

/** Random scripts of up to five orders and some hundred happenings. */
export const scripts: fc.Arbitrary<Script> = fc.record({
  orders: fc
    .array(order, { minLength: 1, maxLength: 5 })
    .map((orders) => orders.map((each, index) => ({ ...each, orderId: `order-${index}` }))),
  stock: fc.record(Object.fromEntries(SKUS.map((name) => [name, fc.tuple(level, level)]))),
  // Early ones race the first events of an order, later ones its dispatch.
  cancellations: fc.array(fc.tuple(fc.oneof(fc.nat(60), fc.nat(400)), fc.nat(4)), { maxLength: 4 }),
  rejects: fc.constantFrom(0, 0.2, 0.7),
  shorts: fc.constantFrom(0, 0, 0.15),
  losses: fc.constantFrom(0, 0, 0.2),
  ending: fc.constantFrom('goods-arrive' as const, 'time-passes' as const, 'waiting' as const),
  choices: fc.array(fc.nat(2 ** 30), { minLength: 20, maxLength: 400, size: 'max' }),
});
