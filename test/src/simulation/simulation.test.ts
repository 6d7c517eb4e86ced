import fc from 'fast-check';
import { expect, it } from 'vitest';
import { play, type Script } from './run.js';

const RUNS = Number(process.env['BATON_SIMULATION_RUNS'] ?? 400);
/** Set to the seed that a failure prints, to see it again. */
const SEED = process.env['BATON_SIMULATION_SEED'];

const SKUS = ['chair', 'table', 'lamp'];
const line = fc.tuple(fc.constantFrom(...SKUS, ...SKUS, ...SKUS, 'unicorn'), fc.integer({ min: 1, max: 3 }));
const order = fc.record({
  onShortage: fc.constantFrom('backorder' as const, 'backorder' as const, 'cancel' as const),
  lines: fc.array(line, { minLength: 1, maxLength: 3 }),
});
const level = fc.integer({ min: 0, max: 6 });
const stock = fc.record(Object.fromEntries(SKUS.map((sku) => [sku, fc.tuple(level, level)])));

const script: fc.Arbitrary<Script> = fc.record({
  orders: fc
    .array(order, { minLength: 1, maxLength: 5 })
    .map((orders) => orders.map((each, index) => ({ ...each, orderId: `order-${index}` }))),
  stock,
  cancellations: fc.array(fc.tuple(fc.nat(400), fc.nat(4)), { maxLength: 4 }),
  rejects: fc.constantFrom(0, 0.2, 0.7),
  shorts: fc.constantFrom(0, 0, 0.15),
  losses: fc.constantFrom(0, 0, 0.2),
  ending: fc.constantFrom('goods-arrive' as const, 'time-passes' as const, 'waiting' as const),
  choices: fc.array(fc.nat(2 ** 30), { minLength: 20, maxLength: 400, size: 'max' }),
});

it(`keeps every promise in ${RUNS} random runs of all services`, { timeout: 120_000 }, () => {
  const seed = SEED === undefined ? Date.now() % 2 ** 31 : Number(SEED);
  const statuses = new Map<string, number>();
  const sentences = new Set<string>();
  let incidents = 0;
  const details = fc.check(
    fc.property(script, (each) => {
      const result = play(each);
      for (const status of result.statuses) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      for (const sentence of result.sentences) sentences.add(sentence.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, '…'));
      incidents += result.incidents;
    }),
    { seed, numRuns: RUNS },
  );
  console.log(`simulation: seed ${seed}, ended ${JSON.stringify(Object.fromEntries(statuses))}, with incidents ${incidents}, sentences ${sentences.size}`);
  if (details.failed) {
    const [counterexample] = details.counterexample ?? [];
    throw new Error(`Seed ${seed}: ${String(details.errorInstance)}\n${JSON.stringify(counterexample)}`, {
      cause: details.errorInstance,
    });
  }
  // A search that never gets anywhere proves nothing.
  for (const status of ['completed', 'cancelled', 'waiting']) expect(statuses.get(status)).toBeGreaterThan(0);
  expect(incidents).toBeGreaterThan(0);
});
