import { createHash } from 'node:crypto';

/** A number from 0 up to 1 that follows from a seed and what it is about, so that a run can be repeated. */
export const chance = (seed: string | number, ...about: readonly (string | number)[]): number =>
  createHash('sha256')
    .update([seed, ...about].join('/'))
    .digest()
    .readUInt32BE(0) /
  2 ** 32;
