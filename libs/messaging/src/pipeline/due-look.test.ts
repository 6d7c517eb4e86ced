import { expect, test } from 'vitest';
import { Due } from '../testing/tally.js';
import { DueLook } from './due-look.js';
import type { DueCommand, DueSource } from './pipeline.js';

const PAGE = 500;

/** What is due, a number each; those below `own` belong to others. What is handled is due no more. */
const world = (count: number, own: number) => {
  let due = Array.from({ length: count }, (_, index) => index);
  const handled: number[] = [];
  const asked: number[] = [];
  const consumption = { caughtUp: true, ownership: () => (key: string) => Number(key) >= own };
  const source: DueSource = {
    name: 'numbers',
    pollMs: 1_000,
    next: async (_query, _now, limit, [after] = [-1]) => {
      asked.push(Number(after));
      const found = due.filter((number) => number > Number(after)).slice(0, limit);
      return found.map((number): DueCommand => ({ command: Due, data: { orderId: `${number}` }, place: [number] }));
    },
  };
  const look = new DueLook(source, {
    consumption,
    ask: () => Promise.resolve([]),
    handle: async ({ place: [number] }) => {
      handled.push(Number(number));
      due = due.filter((one) => one !== number);
    },
  });
  return { look, handled, asked, consumption, add: (number: number) => due.unshift(number) };
};

test('what belongs to others is read past, however much of it there is', async () => {
  const { look, handled } = world(2 * PAGE + 10, 2 * PAGE + 3);
  expect(await look.look()).toBe(false);
  expect(handled).toEqual([3, 4, 5, 6, 7, 8, 9].map((n) => 2 * PAGE + n));
});

test('a full page with something to do is followed by the next one at once', async () => {
  const { look, handled } = world(PAGE + 1, PAGE - 1);
  expect(await look.look()).toBe(true);
  expect(handled).toEqual([PAGE - 1]);
  expect(await look.look()).toBe(false);
  expect(handled).toEqual([PAGE - 1, PAGE]);
});

test('after ten pages with nothing to do it pauses, and goes on there', async () => {
  const { look, handled, asked } = world(12 * PAGE, 12 * PAGE - 1);
  expect(await look.look()).toBe(false);
  expect(asked).toHaveLength(10);
  expect(handled).toEqual([]);
  expect(await look.look()).toBe(true);
  expect(handled).toEqual([12 * PAGE - 1]);
  expect(asked[10]).toBe(10 * PAGE - 1);
});

test('after the last page it begins anew', async () => {
  const { look, handled, asked, add } = world(PAGE, 0);
  expect(await look.look()).toBe(true);
  expect(await look.look()).toBe(false);
  add(-0.5);
  add(7);
  expect(await look.look()).toBe(false);
  expect(asked).toEqual([-1, PAGE - 1, -1]);
  expect(handled.slice(PAGE)).toEqual([7]);
});

test('nothing is asked for before the consumer has caught up', async () => {
  const { look, asked, consumption } = world(1, 0);
  consumption.caughtUp = false;
  expect(await look.look()).toBe(false);
  expect(asked).toEqual([]);
});
