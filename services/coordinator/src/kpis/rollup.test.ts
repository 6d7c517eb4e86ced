import { eventually } from '@baton/messaging/testing';
import { hours, minutes } from '@baton/saga';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { OrderConversation } from '../definitions/events.fixture.js';
import { at, conversation, expected, startCoordinator, CountingCoordinators } from './rollup.fixture.js';
import { RollupStore } from './rollup-store.js';
import { sumOf } from './tally.js';

let kpis: CountingCoordinators;

beforeAll(async () => {
  kpis = await CountingCoordinators.start(2);
});
afterAll(() => kpis.stop());
beforeEach(() => kpis.clear());

it('sums up the same however often and whenever it counts', async () => {
  const steps: readonly ((each: OrderConversation) => OrderConversation)[] = [
    (each) => each.placed(),
    (each) => each.waits(minutes(3)).reserved(),
    (each) => each.waits(minutes(7)).packed(),
    (each) => each.waits(minutes(2)).booked(),
    (each) => each.waits(minutes(40)).dispatched().settled(),
    (each) => each.waits(hours(20)).delivered(),
  ];
  const orders = Array.from({ length: 20 }, (_, n) => conversation(n * 4));
  for (const step of steps) {
    for (const [n, order] of orders.entries()) {
      await kpis.store(`o-${n}`, step(order));
      if (n % 7 === 3) await kpis.runAll(new Date(order.now), n % 2);
    }
  }
  const now = at(60 * 24);
  await kpis.runAll(now);
  const first = await kpis.rollups('hour');
  expect(first).toEqual(expected(orders));
  expect(sumOf([...(await kpis.rollups('day')).values()])).toEqual(sumOf([...first.values()]));
  await kpis.runAll(new Date(now.getTime() + hours(1)));
  expect(await kpis.rollups('hour')).toEqual(first);
  // From nothing, as after a change of how sagas are counted.
  await kpis.query('update kpi_progress set revision = 0');
  await kpis.query(`update kpi_rollup set tally = '{"counts": {"placed": 99}, "times": {}}'`);
  await kpis.runAll(now, 1);
  expect(await kpis.rollups('hour')).toEqual(first);
});

it('counts more than one transaction takes, each saga once, with one look at what happened', async () => {
  const order = conversation(0).placed().reserved();
  await kpis.store('o-0', order);
  const copies = 5_500;
  await kpis.copy('o-0', copies);
  const looks = vi.spyOn(RollupStore.prototype, 'changed');
  expect(await kpis.run(at(30))).toBe(true);
  const [half] = await kpis.query('select count(*)::int as n from kpi_saga');
  expect(half).toEqual({ n: 1_000 });
  await kpis.runAll(at(30));
  expect(looks).toHaveBeenCalledTimes(1);
  looks.mockRestore();
  const [all] = await kpis.query('select count(*)::int as n from kpi_saga');
  expect(all).toEqual({ n: copies + 1 });
  expect(await kpis.rollups('hour')).toEqual(expected(Array.from({ length: copies + 1 }, () => order)));
});

it('counts once when two processes count at the same time', async () => {
  const orders = Array.from({ length: 50 }, (_, n) => conversation(n).placed().reserved());
  for (const [n, order] of orders.entries()) await kpis.store(`o-${n}`, order);
  await Promise.all([kpis.runAll(at(120), 0), kpis.runAll(at(120), 1), kpis.runAll(at(120), 0)]);
  await kpis.runAll(at(121));
  expect(await kpis.rollups('hour')).toEqual(expected(orders));
});

it('puts what is heard late into the hour in which it happened', async () => {
  const order = conversation(0).placed();
  await kpis.store('o-1', order);
  await kpis.runAll(at(1));
  // The coordinator was away for two hours; the event carries when it was said.
  order.waits(minutes(5)).reserved();
  const heard = at(125).toISOString();
  order.now = heard;
  await kpis.store('o-1', order);
  await kpis.runAll(at(126));
  const { body } = await kpis.ask('from=2026-11-24&to=2026-11-25');
  expect(body).toMatchObject({
    countedUntil: at(126).toISOString(),
    total: { cycleTime: { steps: { reserve: { count: 1 } } } },
    periods: [{ from: '2026-11-24T09:00:00.000Z', kpis: { throughput: { placed: 1 } } }],
  });
});

it('leaves every step to itself: a process of the release before does not go on with what it had found', async () => {
  for (const n of Array.from({ length: 3 }).keys()) await kpis.store(`o-${n}`, conversation(0).placed());
  const copies = 1_500;
  await kpis.copy('o-0', copies);
  const countedUntil = async () => (await kpis.query('select counted_until as at from kpi_progress'))[0]?.['at'];
  expect(await kpis.run(at(30))).toBe(true);
  const halfway = await countedUntil();
  expect(halfway).not.toEqual(at(0));
  expect(await kpis.run(at(30))).toBe(false);
  expect(await countedUntil()).toEqual(at(30));
});

it('counts by itself', async () => {
  await kpis.store('o-1', conversation(0).placed());
  const eager = await startCoordinator(kpis.url, 0.1);
  try {
    await eventually(async () => (await kpis.rollups('hour')).size === 1);
  } finally {
    await eager.stop();
  }
});
