import { expect, it } from 'vitest';
import { bucketOf, middleOf, percentilesOf } from './histogram.js';
import { minus, NOTHING, plus, sumOf } from './tally.js';

it('stands for a duration within 5 %, from milliseconds to a year', () => {
  for (let seconds = 0.0011; seconds < 366 * 86_400; seconds *= 1.037) {
    expect(Math.abs(middleOf(bucketOf(seconds)) / seconds - 1)).toBeLessThan(0.05);
  }
  expect(bucketOf(366 * 86_400)).toBeLessThan(300);
  // Two machines' clocks differ: what ends before it began took no time.
  expect([bucketOf(-3), bucketOf(0), middleOf(0)]).toEqual([0, 0, 0]);
});

it('reads percentiles by the nearest rank, and says nothing of nothing', () => {
  const histogram: Record<string, number> = {};
  for (let seconds = 1; seconds <= 100; seconds += 1) {
    const bucket = bucketOf(seconds);
    histogram[bucket] = (histogram[bucket] ?? 0) + 1;
  }
  const { count, p50, p90, p95, p99 } = percentilesOf(histogram);
  expect(count).toBe(100);
  for (const [found, exact] of [
    [p50, 50],
    [p90, 90],
    [p95, 95],
    [p99, 99],
  ] as const) {
    expect(Math.abs(Number(found) / exact - 1)).toBeLessThan(0.05);
  }
  expect(percentilesOf({})).toEqual({ count: 0, p50: null, p90: null, p95: null, p99: null });
});

it('takes back exactly what was added, in any order', () => {
  const a = { counts: { placed: 2, completed: 1 }, times: { cycle: { 3: 1, 7: 2 } } };
  const b = { counts: { placed: 1 }, times: { cycle: { 7: 1 }, 'step/pick': { 1: 4 } } };
  expect(minus(plus(a, b), b)).toEqual(a);
  expect(plus(minus(NOTHING, b), b)).toEqual(NOTHING);
  expect(sumOf([a, b])).toEqual(plus(b, a));
});
