import { stripVTControlCharacters } from 'node:util';
import { beforeEach, expect, test } from 'vitest';
import { Board } from './board.js';
import type { Progress } from './books.js';

let now: number;
let written: string;
const nothing = { placed: 0, reserved: 0, packed: 0, shipped: 0, delivered: 0, completed: 0, waiting: 0, cancelled: 0 };
const placed = (count: number): Progress => ({ ...nothing, placed: count });
const board = (isTTY = false) =>
  new Board({ isTTY, write: (text) => void (written += stripVTControlCharacters(text)) }, () => now);
/** How many were placed, by each line. */
const told = (): string[] => written.match(/\d+(?= placed)/g) ?? [];

beforeEach(() => {
  now = 0;
  written = '';
});

test('Without a terminal, what changes soon after a line waits for its turn, and is not lost', () => {
  const shown = board();
  shown.show(placed(1), 3);
  now = 400;
  shown.show(placed(2), 3);
  shown.show(placed(3), 3);
  expect(told()).toEqual(['1']);
  now = 5_000;
  shown.show(placed(3), 3);
  now = 60_000;
  shown.show(placed(3), 3);
  expect(told()).toEqual(['1', '3']);
  shown.end();
  expect(told()).toEqual(['1', '3']);
});

test('Without a terminal, the end has the last word', () => {
  const shown = board();
  shown.show(placed(1), 2);
  now = 400;
  shown.show(placed(2), 2);
  shown.end();
  expect(told()).toEqual(['1', '2']);
  expect(written).toMatch(/of 2\n$/);
});

test('On a terminal each change is written over the one before', () => {
  const shown = board(true);
  for (const count of [1, 2, 2]) shown.show(placed(count), 2);
  shown.end();
  expect(told()).toEqual(['1', '2']);
  expect(written.split('\n')).toHaveLength(2);
});
