import { balances, loadCatalogue, nextOrders, type Progress } from '@baton/run';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaosSystem, DEADLINE_MS } from './chaos-system.js';
import { auditMails, mailsAreComplete } from './mails.js';
import { seeded } from './random.js';

/** Orders that come between two kills. */
const PORTION = 25;
/** One order in this many is cancelled. */
const CANCELLED_ONE_IN = 20;

const VICTIMS = [
  'orders',
  'coordinator',
  'inventory',
  'warehouse',
  'shipping',
  'notification',
  'gateway',
  'carriers',
  'mailbox',
  'staff',
  'kafka',
  'postgres',
] as const;

const MOMENTS = ['placed', 'reserved', 'packed', 'shipped', 'delivered'] as const satisfies readonly (keyof Progress)[];

let chaos: ChaosSystem;
beforeAll(async () => {
  chaos = await ChaosSystem.start();
}, DEADLINE_MS);
afterAll(() => chaos?.stop(), DEADLINE_MS);

describe('When_every_part_is_killed_while_orders_run', () => {
  it('loses nothing, does nothing twice, and leaves nothing behind', { timeout: 2 * DEADLINE_MS }, async () => {
    const chance = seeded('kill everything');
    const { system, auditor } = chaos;
    await loadCatalogue(system.url, () => undefined);
    const victims = chance.shuffled(VICTIMS);
    const orders = await nextOrders(system, auditor, PORTION * (victims.length + 1), () => undefined);
    const ids = orders.map(({ orderId }) => orderId);
    const wishes: Promise<void>[] = [];
    let published = 0;
    const publishSome = async (): Promise<void> => {
      const portion = orders.slice(published, published + PORTION);
      published += portion.length;
      await chaos.publish(portion);
      for (const { orderId } of portion) {
        if (chance.between(1, CANCELLED_ONE_IN) === 1) wishes.push(chaos.cancel(orderId));
      }
    };

    for (const victim of victims) {
      await publishSome();
      const moment = chance.pick(MOMENTS);
      const before = await auditor.progress(ids);
      // Not all get that far: some wait for stock, some are cancelled.
      const goal = Math.min(before[moment] + chance.between(1, PORTION / 2), Math.floor(published * 0.75));
      await chaos.until(`${goal} orders are ${moment}`, async () => (await auditor.progress(ids))[moment] >= goal);
      chaos.kill(victim);
      await chaos.back(victim);
    }
    await publishSome();
    await Promise.all(wishes);
    await chaos.settled(ids);
    await chaos.until('every mail is sent', () => mailsAreComplete(chaos, ids));

    const books = await auditor.books(ids);
    const mails = await auditMails(chaos);
    chaos.note(`${JSON.stringify(books)}, ${wishes.length} wishes to cancel, ${mails.repeats} mails repeated`);
    expect(balances(books, ids.length), JSON.stringify(books)).toBe(true);
    expect(books.completed).toBeGreaterThan(ids.length * 0.8);
    expect(await chaos.query('coordinator', 'select * from incident')).toEqual([]);
    expect(new Set(mails.recorded).size).toBe(mails.recorded.length);
    expect([...mails.received].toSorted()).toEqual(mails.recorded.toSorted());

    for (const victim of victims) {
      expect(chaos.said).toContain(`${victim} died (SIGKILL); starting it again`);
      expect(chaos.said).toContainEqual(expect.stringMatching(new RegExp(`^${victim} is back \\(pid \\d+\\)$`)));
    }
    expect(await chaos.stop()).toEqual([]);
  });
});
