import { Sagas } from '@baton/coordinator';
import type { Outcome } from '@baton/messaging';
import { Orders } from '@baton/orders';
import { days, minutes, seconds } from '@baton/saga';
import { comeToRest, doSomething, type Supply } from './happenings.js';
import { redriveAll, settleIncidents } from './operators.js';
import { cancelOrder, countShelf, placeAgain, placeOrder, replenish, type Wanted } from './people.js';
import { checkAtRest, checkBooks, checkCancelled, checkPutAway, checkQueue, checkSettled } from './promises.js';
import type { Sabotage } from './memory-service.js';
import type { Process } from './process.js';
import { Random } from './random.js';
import type { Script } from './script.js';
import { checkPatience, SentenceWatch, StatusWatch, WordWatch } from './watches.js';
import { World, type WorldRules } from './world.js';

/** What became of a run. */
export interface Result {
  readonly statuses: readonly string[];
  readonly sentences: ReadonlySet<string>;
  readonly incidents: number;
}

/** Durations that are over in a moment. */
const HURRY: WorldRules['policy'] = {
  placing: seconds(1),
  reserving: seconds(1),
  backorder: minutes(3),
  reminding: seconds(20),
  picking: seconds(5),
  booking: seconds(1),
  dispatching: seconds(5),
  settling: seconds(1),
  standard: seconds(10),
  telling: seconds(1),
  answering: seconds(1),
  puttingAway: seconds(2),
  longestPause: seconds(20),
  incident: seconds(5),
};

/** Plays a script to its end, and checks the promises at every step and when all is quiet. @throws PromiseBroken */
export const play = (script: Script, sabotage?: Sabotage): Result => {
  let statuses = new StatusWatch();
  let restore: (() => void) | undefined;
  const sentences = new SentenceWatch();
  const words = new WordWatch();
  const arrived = new Map<string, number>();
  const check = (each: World, process: Process, message: string, { publish = [] }: Outcome): void => {
    if (process.name === 'inventory') {
      checkBooks(each);
      checkQueue(each);
    }
    if (process.name === 'orders') statuses.check(each);
    if (process.name === 'coordinator') sentences.check(each);
    checkPatience(each, message, publish);
    for (const draft of publish) {
      words.check(draft, each);
      if (draft.name === 'PickListCancelled' && script.packing === 'people') {
        checkPutAway(each, draft.key, (draft.data as { readonly shipment: number }).shipment);
      }
      // Who was restored may have heard more than those who did it, until all have caught up.
      if (draft.name === 'FulfilmentCancelled' && !each.wasRestored) checkCancelled(each, draft.key);
    }
  };
  const { stock, rejects, packing, hurry, skew } = script;
  const world = new World(stock, { rejects, packing, policy: hurry ? HURRY : {}, skew }, check, sabotage);
  const arrives = (sku: string, quantity: number): void => void arrived.set(sku, (arrived.get(sku) ?? 0) + quantity);
  const supply: Supply = {
    replenish: (sku, quantity, random) => {
      arrives(sku, quantity);
      replenish(world, sku, quantity, random);
    },
    count: (sku, random) => arrives(sku, countShelf(world, sku, random)),
  };

  const orderOf = (index: number): Wanted => script.orders[index % script.orders.length] as Wanted;
  const unplaced = [...script.orders];
  for (const [step, choice] of script.choices.entries()) {
    const random = new Random(choice);
    for (const [at, index] of script.cancellations) {
      if (at === step) cancelOrder(world, orderOf(index).orderId, random);
    }
    for (const [at, index] of script.resubmissions) if (at === step) placeAgain(world, orderOf(index), random);
    if (step === script.restore?.[0]) restore = backUp(world, arrived);
    if (step === (script.restore?.[0] ?? 0) + (script.restore?.[1] ?? 0)) {
      restore?.();
      statuses = new StatusWatch();
    }
    doSomething(world, script, unplaced, random, supply);
    world.pass(random.below(2_000));
  }
  if (script.outage) {
    world.pass(days(8));
    world.fireDeadlines();
  }
  for (const order of unplaced) placeOrder(world, order, new Random(1));

  comeToRest(world, script, supply);
  redriveAll(world);
  // Shops hand over again what was lost with what they had said over HTTP alone.
  if (world.wasRestored) for (const order of script.orders) placeOrder(world, order, new Random(2));
  for (const index of script.regrets) cancelOrder(world, orderOf(index).orderId, new Random(index));
  comeToRest(world, script, supply);
  if (script.settles) {
    settleIncidents(world);
    comeToRest(world, script, supply, false);
  }
  const accepted = script.orders.filter(({ orderId }) => world.orders.service.find(Orders, { orderId })?.placedAt);
  checkAtRest(world, accepted, arrived, words);
  if (script.settles) checkSettled(world);
  const sagas = world.coordinator.service.rows(Sagas);
  return {
    statuses: sagas.map(({ status }) => status),
    sentences: sentences.sentences,
    incidents: sagas.filter(({ openIncidents }) => openIncidents > 0).length,
  };
};

/** Backs up the databases, and what is known of goods that arrived. */
const backUp = (world: World, arrived: Map<string, number>): (() => void) => {
  const restore = world.backUp();
  const known = [...arrived];
  return () => {
    restore();
    arrived.clear();
    for (const [sku, quantity] of known) arrived.set(sku, quantity);
  };
};
