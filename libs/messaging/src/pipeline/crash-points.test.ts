import { expect, it } from 'vitest';
import { crashAt, type CrashPoint } from './crash-points.js';

const crashesAfter = (wanted: string, passed: readonly CrashPoint[]): number | undefined => {
  let crashed: number | undefined;
  let step = 0;
  const crashPoint = crashAt(wanted, () => {
    crashed ??= step;
  });
  for (const point of passed) {
    step += 1;
    crashPoint(point);
  }
  return crashed;
};

it('crashes once, at the wanted point and the wanted time', () => {
  const passed: readonly CrashPoint[] = [
    'before-commit',
    'after-commit',
    'before-commit',
    'after-commit',
    'after-commit',
  ];
  expect(crashesAfter('after-commit', passed)).toBe(2);
  expect(crashesAfter('after-commit:2', passed)).toBe(4);
  expect(crashesAfter('before-commit:2', passed)).toBe(3);
  expect(crashesAfter('after-effect', passed)).toBeUndefined();
});

it.each(['never', '', 'after-commit:0', 'after-commit:x', 'after-commit:1:2'])('refuses %j', (text) => {
  expect(() => crashAt(text, () => undefined)).toThrow(/before-commit, after-commit/);
});
