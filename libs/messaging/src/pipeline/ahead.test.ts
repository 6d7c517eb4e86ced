import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aheadOf, aheadText, isHandled, movedTo, type Standing } from './ahead.js';

const offsets = (standing: Standing, end: number): number[] =>
  Array.from({ length: end }, (_, offset) => offset).filter((offset) => isHandled(standing, BigInt(offset)));

test('what is handled ahead of the position is known one by one', () => {
  const standing = movedTo(undefined, [7n, 9n], 5n);
  expect(standing.position).toBe(5n);
  expect(offsets(standing, 12)).toEqual([0, 1, 2, 3, 4, 7, 9]);
  const later = movedTo(standing.ahead, [5n], 6n);
  expect(later.position).toBe(6n);
  expect(offsets(later, 12)).toEqual([0, 1, 2, 3, 4, 5, 7, 9]);
});

test('the position moves over what was handled ahead of it, by whomever', () => {
  const { ahead } = movedTo(undefined, [6n, 7n, 9n], 5n);
  const standing = movedTo(ahead, [5n], 6n);
  expect(standing.position).toBe(8n);
  expect(offsets(standing, 12)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 9]);
});

test('nothing is ahead where everything is handled', () => {
  const { ahead } = movedTo(undefined, [6n, 9n], 5n);
  expect(movedTo(ahead, [5n], 10n)).toEqual({ position: 10n, ahead: undefined });
  expect(movedTo(undefined, [3n, 4n], 5n)).toEqual({ position: 5n, ahead: undefined });
});

test('it stays true when a release that does not know of it moves the position', () => {
  const { ahead } = movedTo(undefined, [8n, 11n], 5n);
  expect(offsets({ position: 9n, ahead }, 13)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 11]);
});

test('it is stored as text, and nothing as null', () => {
  const { ahead } = movedTo(undefined, [1_000_000_000_007n, 1_000_000_000_500n], 1_000_000_000_000n);
  expect(aheadOf(aheadText(ahead))).toEqual(ahead);
  expect(aheadText(undefined)).toBeNull();
  expect(aheadOf(null)).toBeUndefined();
});

test('the mask of an earlier release, written without leading zeros, is read as it was meant', () => {
  const before = aheadOf('5:14');
  expect(offsets({ position: 5n, ahead: before }, 12)).toEqual([0, 1, 2, 3, 4, 7, 9]);
  expect(offsets({ position: 5n, ahead: aheadOf('5:5') }, 12)).toEqual([0, 1, 2, 3, 4, 5, 7]);
});

/** What each of some units of work handles. */
const visits = fc.array(fc.array(fc.nat(60), { maxLength: 20 }), { maxLength: 12 });

test('whatever is handled in whatever order, just that is handled', () => {
  fc.assert(
    fc.property(visits, (all) => {
      const handled = new Set<number>();
      let standing: Standing = { position: 0n };
      for (const some of all) {
        for (const offset of some) handled.add(offset);
        const { position, ahead } = movedTo(standing.ahead, some.map(BigInt), standing.position);
        standing = { position, ahead: aheadOf(aheadText(ahead)) };
        expect(offsets(standing, 70)).toEqual([...handled].sort((one, other) => one - other));
        expect(handled.has(Number(position))).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});
