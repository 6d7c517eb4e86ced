import { Sagas } from '@baton/coordinator';
import type { Outcome } from '@baton/messaging';
import { Orders } from '@baton/orders';
import {
  cancelOrder,
  onTheWay,
  openLists,
  placeOrder,
  replenish,
  skusOf,
  track,
  type Wanted,
  workOn,
} from './people.js';
import { checkAtRest, checkBooks, checkCancelled, SentenceWatch, StatusWatch } from './promises.js';
import type { Sabotage } from './memory-service.js';
import type { Process } from './process.js';
import { Random } from './random.js';
import { type InitialStock, World } from './world.js';

/** What a run does: its orders and stock, how the world behaves, and one number for each thing that happens. */
export interface Script {
  readonly orders: readonly Wanted[];
  readonly stock: InitialStock;
  /** Customers change their minds: at these steps, about these orders. */
  readonly cancellations: readonly (readonly [step: number, order: number])[];
  /** How often a carrier refuses, a shelf holds less than the book says, a parcel gets lost. */
  readonly rejects: number;
  readonly shorts: number;
  readonly losses: number;
  /** In the end: goods arrive for all that wait, backorders expire, or they go on waiting. */
  readonly ending: 'goods-arrive' | 'time-passes' | 'waiting';
  readonly choices: readonly number[];
}

/** What became of a run. */
export interface Result {
  readonly statuses: readonly string[];
  readonly sentences: ReadonlySet<string>;
  readonly incidents: number;
}

const PLENTY = 1_000;
/** Deadlines are days at most, and a reminder comes every day: more rounds than this are a standstill that spins. */
const MAX_ROUNDS = 400;

/** Plays a script to its end, and checks the promises at every step and when all is quiet. @throws PromiseBroken */
export const play = (script: Script, sabotage?: Sabotage): Result => {
  const statuses = new StatusWatch();
  const sentences = new SentenceWatch();
  const arrived = new Map<string, number>();
  const check = (each: World, process: Process, { publish = [] }: Outcome): void => {
    if (process.name === 'inventory') checkBooks(each);
    if (process.name === 'orders') statuses.check(each);
    if (process.name === 'coordinator') sentences.check(each);
    for (const { name, key } of publish) if (name === 'FulfilmentCancelled') checkCancelled(each, key);
  };
  const world = new World(script.stock, script.rejects, check, sabotage);
  const supply = (sku: string, quantity: number, random: Random): void => {
    arrived.set(sku, (arrived.get(sku) ?? 0) + quantity);
    replenish(world, sku, quantity, random);
  };

  const unplaced = [...script.orders];
  for (const [step, choice] of script.choices.entries()) {
    const random = new Random(choice);
    for (const [at, index] of script.cancellations) {
      const order = script.orders[index % script.orders.length];
      if (at === step && order) cancelOrder(world, order.orderId, random);
    }
    doSomething(world, script, unplaced, random, supply);
    world.pass(random.below(2_000));
  }
  for (const order of unplaced) placeOrder(world, order, new Random(1));

  comeToRest(world, script, supply);
  const accepted = script.orders.filter(({ orderId }) => world.orders.service.find(Orders, { orderId })?.placedAt);
  checkAtRest(world, accepted, arrived);
  const sagas = world.coordinator.service.rows(Sagas);
  return {
    statuses: sagas.map(({ status }) => status),
    sentences: sentences.sentences,
    incidents: sagas.filter(({ openIncidents }) => openIncidents > 0).length,
  };
};

type Supply = (sku: string, quantity: number, random: Random) => void;

/** One thing happens somewhere: which one, follows from the random numbers of this step. */
const doSomething = (world: World, script: Script, unplaced: Wanted[], random: Random, supply: Supply): void => {
  const parked = world.processes.flatMap((process) => [...process.parked.keys()].map((key) => ({ process, key })));
  const deliveries = world.deliveries();
  const rows = world.publishable();
  const effects = world.processes.flatMap((process) =>
    [...process.effects.values()].map((effect) => ({ process, effect })),
  );
  const lists = openLists(world);
  const parcels = onTheWay(world);
  const possible: readonly (readonly [weight: number, act: () => void])[] = [
    [unplaced.length > 0 ? 2 : 0, () => placeOrder(world, unplaced.pop() as Wanted, random)],
    [deliveries.length > 0 ? 12 : 0, () => world.deliver(random.pick(deliveries), random.chance(0.03))],
    [rows.length > 0 ? 8 : 0, () => world.publishRow(random.pick(rows), random.chance(0.1))],
    [effects.length > 0 ? 5 : 0, () => performOne(world, random.pick(effects), random, 0.25)],
    [lists.length > 0 ? 4 : 0, () => workOn(world, random.pick(lists), random, script.shorts)],
    [parcels.length > 0 ? 3 : 0, () => track(world, random.pick(parcels), random, script.losses)],
    [parked.length > 0 ? 1 : 0, () => retry(random.pick(parked))],
    [1, () => world.repeat(random)],
    [0.5, () => supply(random.pick(skusOf(world)), 1 + random.below(3), random)],
    [1, () => letTimePass(world, random)],
  ];
  let left = random.next() * possible.reduce((total, [weight]) => total + weight, 0);
  const [, act] = possible.find(([weight]) => (left -= weight) < 0) ?? [];
  act?.();
};

const retry = ({ process, key }: { readonly process: World['orders']; readonly key: string }): void =>
  process.retry(key);

type Pending = { readonly process: World['orders']; readonly effect: Parameters<World['outside']['perform']>[0] };

const performOne = (world: World, { process, effect }: Pending, random: Random, losesAnswer: number): void => {
  const result = world.outside.perform(effect, random, world.now);
  if (!random.chance(losesAnswer)) process.answered(effect, result);
};

/** A moment, or until something is due; then the coordinator looks, whatever is still under way to it. */
const letTimePass = (world: World, random: Random): void => {
  const due = world.dueTimes();
  if (due.length > 0 && random.chance(0.3)) world.passUntil(random.pick(due));
  else world.pass(random.below(600_000));
  world.fireDeadlines();
};

/** Everything that is under way arrives, and everybody does their work, until nobody has anything to do. */
const drain = (world: World, random: Random): void => {
  for (;;) {
    const busy = [
      ...world.processes.flatMap((process) => [...process.parked.keys()].map((key) => () => process.retry(key))),
      ...world.publishable().map((row) => () => world.publishRow(row, false)),
      ...world.deliveries().map((delivery) => () => world.deliver(delivery, false)),
      ...world.processes.flatMap((process) =>
        [...process.effects.values()].map((effect) => () => performOne(world, { process, effect }, random, 0)),
      ),
      ...openLists(world).map((list) => () => workOn(world, list, random, 0)),
      ...onTheWay(world).map((parcel) => () => track(world, parcel, random, 0)),
    ];
    if (busy.length === 0) return;
    for (const act of busy) act();
    world.pass(1_000);
  }
};

const comeToRest = (world: World, { ending }: Script, supply: Supply): void => {
  const random = new Random(7);
  drain(world, random);
  if (ending === 'goods-arrive') {
    for (const sku of skusOf(world)) for (let count = 0; count < 8; count += 1) supply(sku, PLENTY, random);
  }
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    drain(world, random);
    const sagas = world.coordinator.service.rows(Sagas);
    const moving = sagas.filter(
      ({ status, state, dueAt }) =>
        dueAt !== null &&
        !state.ended &&
        !state.incidents?.some(({ step }) => !step.startsWith('tell-')) &&
        (ending !== 'waiting' || status !== 'waiting'),
    );
    const [due] = moving.flatMap(({ dueAt }) => (dueAt === null ? [] : [dueAt])).toSorted();
    if (due === undefined) return;
    world.passUntil(due);
    world.fireDeadlines();
  }
  throw new Error('The system does not come to rest.');
};
