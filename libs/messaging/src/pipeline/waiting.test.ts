import { expect, test } from 'vitest';
import { Waiting } from './waiting.js';

const record = (offset: number, timestamp: number) => ({
  topic: 't',
  partition: 0,
  offset: BigInt(offset),
  timestamp,
  key: 'k',
  headers: {},
  value: undefined,
});

test('the age is that of the oldest record that is not handled, and 0 when all is', () => {
  const waiting = new Waiting();
  waiting.add('t/0', [record(5, 1_000), record(6, 2_000)]);
  waiting.add('t/0', [record(9, 7_000)]);
  expect(waiting.age('t/0', 5n, true, 11_000)).toBe(10);
  waiting.reached('t/0', 6n);
  expect(waiting.age('t/0', 6n, true, 11_000)).toBe(9);
  waiting.reached('t/0', 7n);
  expect(waiting.age('t/0', 7n, true, 11_000)).toBe(4);
  waiting.reached('t/0', 10n);
  expect(waiting.age('t/0', 10n, false, 11_000)).toBe(0);
  expect(waiting.age('t/1', 0n, false, 11_000)).toBe(0);
});

test('a record that its writer dates ahead is not younger than nothing', () => {
  const waiting = new Waiting();
  waiting.add('t/0', [record(0, 60_000)]);
  expect(waiting.age('t/0', 0n, true, 1_000)).toBe(0);
});

test('what is not delivered ages from when it was first noticed, until it is delivered or given away', () => {
  const waiting = new Waiting();
  expect(waiting.age('t/0', 3n, true, 10_000)).toBe(0);
  expect(waiting.age('t/0', 3n, true, 70_000)).toBe(60);
  waiting.add('t/0', [record(3, 5_000)]);
  expect(waiting.age('t/0', 3n, true, 70_000)).toBe(65);
  waiting.forget('t/0');
  expect(waiting.age('t/0', 3n, true, 80_000)).toBe(0);
  expect(waiting.age('t/0', 4n, false, 90_000)).toBe(0);
  expect(waiting.age('t/0', 4n, true, 99_000)).toBe(0);
});
