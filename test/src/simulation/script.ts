import fc from 'fast-check';
import type { Wanted } from './people.js';
import type { InitialStock, WorldRules } from './world.js';

/** At this step, about the order of this number. */
type About = readonly [step: number, order: number];

/** What a run does: its orders and stock, how the world behaves, and one number for each thing that happens. */
export interface Script {
  readonly orders: readonly Wanted[];
  readonly stock: InitialStock;
  /** Customers change their minds. */
  readonly cancellations: readonly About[];
  /** Customers who change their minds when everything is over: the orders of these numbers. */
  readonly regrets: readonly number[];
  /** Shops hand orders over again, some of them changed. */
  readonly resubmissions: readonly About[];
  /** How often a carrier refuses, a shelf holds less than the book says, a parcel gets lost. */
  readonly rejects: number;
  readonly shorts: number;
  readonly losses: number;
  readonly packing: WorldRules['packing'];
  /** Whether deadlines are so short that most of them pass before the answer has come. */
  readonly hurry: boolean;
  /** By how much the clocks of the processes of a service differ, milliseconds. */
  readonly skew: number;
  /** How readily operators go on without a step, compared with other happenings; whether they settle what is left. */
  readonly skips: number;
  readonly settles: boolean;
  /** How often operators give up a message that failed. */
  readonly discards: number;
  /** The databases are backed up at a step, and restored so many steps later. */
  readonly restore: readonly [step: number, later: number] | null;
  /** Everything stands still for longer than a wish waits for its order, before the last orders come. */
  readonly outage: boolean;
  /** In the end: goods arrive for all that wait, backorders expire, or they go on waiting. */
  readonly ending: 'goods-arrive' | 'time-passes' | 'waiting';
  readonly choices: readonly number[];
  /** Set when there is no peace at the end either: what everything follows from then. */
  readonly unrest: number | null;
}

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
  regrets: fc.array(fc.nat(4), { maxLength: 2 }),
  resubmissions: fc.array(fc.tuple(fc.nat(200), fc.nat(4)), { maxLength: 2 }),
  rejects: fc.constantFrom(0, 0.2, 0.7),
  shorts: fc.constantFrom(0, 0, 0.15),
  losses: fc.constantFrom(0, 0, 0.2),
  packing: fc.constantFrom('people' as const, 'people' as const, 'automatic' as const),
  hurry: fc.constantFrom(false, false, true),
  skew: fc.constantFrom(0, 0, 3_000),
  skips: fc.constantFrom(0, 0, 1),
  settles: fc.boolean(),
  discards: fc.constantFrom(0, 0, 0, 0.3),
  restore: fc.constant(null),
  outage: fc.constantFrom(false, false, true),
  ending: fc.constantFrom('goods-arrive' as const, 'time-passes' as const, 'waiting' as const),
  choices: fc.array(fc.nat(2 ** 30), { minLength: 20, maxLength: 400, size: 'max' }),
  unrest: fc.option(fc.nat(2 ** 30)),
});

/** More than all orders of a script need. */
const AMPLE = [100, 100];

/**
 * Scripts in which the databases are lost and restored to some steps earlier. Nothing is scarce or missing in them, no
 * carrier refuses, and nobody wishes to cancel before: what is raced for may come out otherwise the second time.
 */
export const restored: fc.Arbitrary<Script> = fc
  .record({ script: scripts, restore: fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 300 })) })
  .map(({ script, restore }) => ({
    ...script,
    stock: Object.fromEntries([...SKUS, 'unicorn'].map((name) => [name, AMPLE])),
    // Few, so that they get far.
    orders: script.orders.slice(0, 2),
    cancellations: [],
    rejects: 0,
    shorts: 0,
    resubmissions: [],
    discards: 0,
    restore,
  }));
