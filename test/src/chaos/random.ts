import { numbersFrom } from '@baton/messaging/testing';

/** A source of chance that a seed repeats. */
export class Chance {
  /** From 0 up to, not including, 1. */
  readonly next: () => number;

  constructor(readonly seed: number) {
    this.next = numbersFrom(seed);
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.between(0, items.length - 1)];
    if (item === undefined) throw new Error('There is nothing to pick from.');
    return item;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return Array.from({ length: items.length }, () => rest.splice(this.between(0, rest.length - 1), 1)).flat();
  }
}

/** The seed in BATON_CHAOS_SEED, to see a run again, else a new one; printed either way. */
export const seeded = (what: string): Chance => {
  const seed = Number(process.env['BATON_CHAOS_SEED'] ?? Date.now() % 2 ** 31);
  console.log(`${what}: BATON_CHAOS_SEED=${seed}`);
  return new Chance(seed);
};
