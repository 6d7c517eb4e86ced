import { balances, loadCatalogue, nextOrders } from '@baton/run';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaosSystem, DEADLINE_MS } from './chaos-system.js';
import { auditMails, mailsAreComplete } from './mails.js';
import { type Chance, seeded } from './random.js';

/** Orders that come at a time, until every crash has happened. */
const PORTION = 6;
const MOST_ORDERS = 600;
/** One order in this many is cancelled, so that undoing is cut off as well. */
const CANCELLED_ONE_IN = 5;
/** A process may do this much before it crashes. */
const LATEST = 4;

const UNIT_OF_WORK = ['before-commit', 'after-commit', 'after-publish'] as const;
const WITH_EFFECTS = [...UNIT_OF_WORK, 'after-effect'] as const;
const POINTS: Readonly<Record<string, readonly string[]>> = {
  orders: UNIT_OF_WORK,
  coordinator: UNIT_OF_WORK,
  inventory: UNIT_OF_WORK,
  warehouse: UNIT_OF_WORK,
  shipping: WITH_EFFECTS,
  notification: WITH_EFFECTS,
};
const CRASHES = Object.values(POINTS).flat().length;

let chaos: ChaosSystem;
let chance: Chance;
/** What each service has still to die of, a start each. */
const planned = new Map<string, string[]>();
beforeAll(async () => {
  chance = seeded('crash points');
  for (const [name, points] of Object.entries(POINTS)) planned.set(name, chance.shuffled(points));
  const env = (name: string): Readonly<Record<string, string>> => {
    const point = planned.get(name)?.shift();
    return point === undefined ? {} : { BATON_CRASH_AT: `${point}:${chance.between(1, LATEST)}` };
  };
  chaos = await ChaosSystem.start({ env });
}, DEADLINE_MS);
afterAll(() => chaos?.stop(), DEADLINE_MS);

describe('When_each_service_dies_once_at_each_point_of_its_unit_of_work', () => {
  it('does all of its work once', { timeout: 2 * DEADLINE_MS }, async () => {
    const { system, auditor } = chaos;
    await loadCatalogue(system.url, () => undefined);
    const orders = await nextOrders(system, auditor, MOST_ORDERS, () => undefined);
    const wishes: Promise<void>[] = [];
    // Some die before they were ready, which the supervisor says otherwise.
    const deaths = (): number => chaos.said.filter((line) => /SIGKILL.*; starting it again$/s.test(line)).length;
    let published = 0;
    const ids = (): readonly string[] => orders.slice(0, published).map(({ orderId }) => orderId);
    while (deaths() < CRASHES && published < MOST_ORDERS) {
      const portion = orders.slice(published, published + PORTION);
      published += PORTION;
      await chaos.publish(portion);
      for (const { orderId } of portion) {
        if (chance.between(1, CANCELLED_ONE_IN) === 1) wishes.push(chaos.cancel(orderId));
      }
      const arrived = async (): Promise<boolean> => (await auditor.progress(ids())).placed === published;
      const allRun = (): boolean => Object.keys(POINTS).every((name) => system.pid(name) !== undefined);
      await chaos.until('they are placed and all services run', async () => allRun() && (await arrived()));
    }
    await Promise.all(wishes);
    await chaos.until('every service has died of everything', async () => deaths() === CRASHES);
    await chaos.settled(ids());
    await chaos.until('every mail is sent', () => mailsAreComplete(chaos, ids()));

    const books = await auditor.books(ids());
    const mails = await auditMails(chaos);
    chaos.note(`${JSON.stringify(books)}, ${wishes.length} wishes to cancel, ${mails.repeats} mails repeated`);
    expect(balances(books, published), JSON.stringify(books)).toBe(true);
    expect(await chaos.query('coordinator', 'select * from incident')).toEqual([]);
    expect(mails.recorded.toSorted()).toEqual([...mails.received].toSorted());
    expect(await chaos.stop()).toEqual([]);
  });
});
