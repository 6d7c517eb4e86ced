import { expect, it } from 'vitest';
import { Notice } from './notice.js';

const HOUR_MS = 3_600_000;
const day = (n: number): Date => new Date(Date.UTC(2026, 0, n));

it('Nothing_goes before it was too old for an hour, whatever the clock said in between', () => {
  let at = 0;
  const notice = new Notice(HOUR_MS, () => at);
  const after = (minutes: number, before: Date): Date | undefined => {
    at += minutes * 60_000;
    return notice.given(before);
  };
  expect(after(0, day(1))).toBeUndefined();
  expect(after(59, day(2))).toBeUndefined();
  expect(after(1, day(3))).toEqual(day(1));
  // The clock is a year ahead for half an hour.
  expect(after(10, day(368))).toEqual(day(1));
  expect(after(30, day(368))).toEqual(day(1));
  expect(after(19, day(3))).toEqual(day(2));
  expect(after(60, day(4))).toEqual(day(3));
  // It goes back, and stays there: what was too old is not any more.
  expect(after(1, day(2))).toEqual(day(2));
  expect(after(70, day(5))).toEqual(day(2));
});
