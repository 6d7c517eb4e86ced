import { Sagas } from '@baton/coordinator';
import type { Incident } from '@baton/saga';
import { decideOn, failedMessages, skipSomething } from './operators.js';
import {
  endOfTheWay,
  lostParcels,
  onTheWay,
  openLists,
  placeOrder,
  skusOf,
  toldOf,
  track,
  trackLate,
  type Wanted,
  workOn,
} from './people.js';
import { Random } from './random.js';
import type { Script } from './script.js';
import type { World } from './world.js';

const PLENTY = 1_000;
/** Deadlines are days at most, and a reminder comes every day: more rounds than this are a standstill that spins. */
const MAX_ROUNDS = 400;

/** Somebody brings goods, or counts those that are there. */
export interface Supply {
  readonly replenish: (sku: string, quantity: number, random: Random) => void;
  readonly count: (sku: string, random: Random) => void;
}

/** One thing happens somewhere: which one, follows from the random numbers of this step. */
export const doSomething = (world: World, script: Script, unplaced: Wanted[], random: Random, supply: Supply): void => {
  const parked = failedMessages(world);
  const unread = world.unread();
  const rows = world.publishable();
  const calls = pendingCalls(world);
  const lists = openLists(world);
  const parcels = onTheWay(world);
  const possible: readonly Happening[] = [
    [unplaced.length > 0 ? 2 : 0, () => placeOrder(world, unplaced.pop() as Wanted, random)],
    [unread.length > 0 ? 12 : 0, () => world.deliver(random.pick(unread), random.chance(TROUBLE.fails))],
    [rows.length > 0 ? 8 : 0, () => world.publishRow(random.pick(rows), random.chance(TROUBLE.crashes))],
    [calls.length > 0 ? 5 : 0, () => performOne(world, random.pick(calls), random, TROUBLE)],
    [lists.length > 0 ? 4 : 0, () => workOn(world, random.pick(lists), random, script.shorts)],
    [parcels.length > 0 ? 3 : 0, () => track(world, random.pick(parcels), endOfTheWay(random, script.losses))],
    [parked.length > 0 ? 1 : 0, () => decideOn(world, random.pick(parked), random, script.discards)],
    ...besides(world, script, random, supply),
  ];
  happen(possible, random);
};

type Happening = readonly [weight: number, act: () => void];

/** What can happen at any time, whatever is under way. */
const besides = (world: World, script: Script, random: Random, supply: Supply): readonly Happening[] => {
  const lost = lostParcels(world);
  const told = toldOf(world);
  return [
    [1, () => world.repeat(random)],
    [told.length > 0 ? 0.2 : 0, () => trackLate(world, random.pick(told), random)],
    [lost.length > 0 ? 0.2 : 0, () => track(world, random.pick(lost), random.pick(['delivered', 'returned'] as const))],
    [0.5, () => supply.replenish(random.pick(skusOf(world)), 1 + random.below(3), random)],
    [0.1, () => supply.count(random.pick(skusOf(world)), random)],
    [script.skips, () => skipSomething(world, random)],
    [1, () => letTimePass(world, random)],
  ];
};

const happen = (possible: readonly Happening[], random: Random): void => {
  let left = random.next() * possible.reduce((total, [weight]) => total + weight, 0);
  const [, act] = possible.find(([weight]) => (left -= weight) < 0) ?? [];
  act?.();
};

type Pending = { readonly process: World['orders']; readonly effect: Parameters<World['outside']['perform']>[0] };

/** How often the answer to a call is lost, a message cannot be handled at first, a process dies before it has published. */
interface Trouble {
  readonly lost: number;
  readonly fails: number;
  readonly crashes: number;
}
const TROUBLE: Trouble = { lost: 0.25, fails: 0.03, crashes: 0.1 };
const NO_TROUBLE = { lost: 0, fails: 0, crashes: 0, shorts: 0, losses: 0 };

/** Calls to carriers and the mail server that have no answer yet, but for those that never will have one. */
const pendingCalls = (world: World): readonly Pending[] =>
  world.processes.flatMap((process) =>
    [...process.effects.values()]
      .filter((effect) => !world.wasRestored || !world.outside.refuses(effect))
      .map((effect) => ({ process, effect })),
  );

const performOne = (
  world: World,
  { process, effect }: Pending,
  random: Random,
  { lost, fails }: Pick<Trouble, 'lost' | 'fails'>,
): void => {
  const result = world.outside.perform(effect, random, world.now);
  if (!random.chance(lost)) process.answered(effect, result, random.chance(fails));
};

/** A moment, or until something is due; then the coordinator looks, whatever is still under way to it. */
const letTimePass = (world: World, random: Random): void => {
  const due = world.dueTimes();
  if (due.length > 0 && random.chance(0.3)) world.passUntil(random.pick(due));
  else world.pass(random.below(600_000));
  world.fireDeadlines(random.chance(0.1) ? 2 : 1);
};

/**
 * Everything that is under way arrives, and everybody does their work, until nobody has anything to do. With unrest that
 * goes on in any order, with repetitions, crashes, failures and deadlines in between; else nothing goes wrong any more.
 */
const drain = (world: World, script: Script, supply: Supply, random: Random, unrest: boolean): void => {
  const { lost, fails, crashes, shorts, losses } = unrest ? { ...TROUBLE, ...script } : NO_TROUBLE;
  for (;;) {
    const busy = [
      ...failedMessages(world).map((failed) => () => decideOn(world, failed, random, 0)),
      ...world.publishable().map((row) => () => world.publishRow(row, random.chance(crashes))),
      ...world.unread().map((reader) => () => world.deliver(reader, random.chance(fails))),
      ...pendingCalls(world).map((call) => () => performOne(world, call, random, { lost, fails })),
      ...openLists(world).map((list) => () => workOn(world, list, random, shorts)),
      ...onTheWay(world).map((parcel) => () => track(world, parcel, endOfTheWay(random, losses))),
    ];
    if (busy.length === 0) return;
    for (const act of unrest ? random.shuffled(busy) : busy) if (!unrest || random.chance(0.5)) act();
    world.pass(1_000);
    if (unrest && random.chance(0.3)) happen(besides(world, script, random, supply), random);
  }
};

/** Whether only a person can help; an incident that was opened because a message had failed closes by itself. */
const needsSomebody = ({ lost }: World, { step, reason }: Incident): boolean =>
  !step.startsWith('tell-') && (lost.size > 0 || !reason.includes('could not be handled yet'));

/** Everything that is still to happen happens, and time passes as long as something is waited for. */
export const comeToRest = (world: World, script: Script, supply: Supply, unrest = script.unrest !== null): void => {
  const { ending } = script;
  const random = new Random(script.unrest ?? 7);
  drain(world, script, supply, random, unrest);
  if (ending === 'goods-arrive') {
    for (const sku of skusOf(world)) for (let count = 0; count < 8; count += 1) supply.replenish(sku, PLENTY, random);
  }
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    drain(world, script, supply, random, unrest);
    const sagas = world.coordinator.service.rows(Sagas);
    const moving = sagas.filter(
      ({ status, state, dueAt }) =>
        dueAt !== null &&
        !state.ended &&
        !state.incidents?.some((incident) => needsSomebody(world, incident)) &&
        (ending !== 'waiting' || status !== 'waiting' || (state.incidents?.length ?? 0) > 0),
    );
    const [due] = moving.flatMap(({ dueAt }) => (dueAt === null ? [] : [dueAt])).toSorted();
    if (due === undefined) return;
    world.passUntil(due);
    world.fireDeadlines();
  }
  throw new Error('The system does not come to rest.');
};
