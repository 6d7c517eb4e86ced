import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { play, type Result } from './run.js';
import { type PlantedBug, plantedAfterRestore, plantedBugs } from './sabotage.js';
import { restored, type Script, scripts } from './script.js';

/** More runs for a longer search: BATON_SIMULATION_RUNS=20000. */
const RUNS = Number(process.env['BATON_SIMULATION_RUNS'] ?? 300);
/** The seed that a failure prints, to see it again. */
const SEED = process.env['BATON_SIMULATION_SEED'];
/** Shrinking a failure ends then, too. */
const LONGEST_SEARCH_MS = 180_000;
/** Enough to find each planted bug many times over. */
const RUNS_TO_FIND_A_BUG = 600;

/** Plays random scripts until one breaks a promise. @throws an error with the seed and the script that does */
const search = (arbitrary: fc.Arbitrary<Script>, numRuns: number, onResult: (result: Result) => void): number => {
  const seed = SEED === undefined ? Date.now() % 2 ** 31 : Number(SEED);
  const property = fc.property(arbitrary, (script) => onResult(play(script)));
  const details = fc.check(property, { seed, numRuns, interruptAfterTimeLimit: LONGEST_SEARCH_MS });
  if (details.failed) {
    const [counterexample] = details.counterexample ?? [];
    throw new Error(`Seed ${seed}: ${String(details.errorInstance)}\n${JSON.stringify(counterexample)}`, {
      cause: details.errorInstance,
    });
  }
  return seed;
};

it(`keeps every promise in ${RUNS} random runs of all services`, { timeout: 2 * LONGEST_SEARCH_MS }, () => {
  const statuses = new Map<string, number>();
  const sentences = new Set<string>();
  let incidents = 0;
  const seed = search(scripts, RUNS, (result) => {
    for (const status of result.statuses) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    for (const sentence of result.sentences) sentences.add(sentence.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, '…'));
    incidents += result.incidents;
  });
  const ended = JSON.stringify(Object.fromEntries(statuses));
  console.log(
    `Simulation: seed ${seed}, ${ended}, ${incidents} with incidents, ${sentences.size} different sentences.`,
  );
  // A search that never gets anywhere proves nothing.
  for (const status of ['completed', 'cancelled', 'waiting']) expect(statuses.get(status)).toBeGreaterThan(0);
  expect(incidents).toBeGreaterThan(0);
});

const runsAfterRestore = Math.ceil(RUNS / 4);
it(`keeps what is promised after a restore in ${runsAfterRestore} runs`, { timeout: 2 * LONGEST_SEARCH_MS }, () => {
  search(restored, runsAfterRestore, () => undefined);
});

describe('notices', () => {
  const finds = (arbitrary: fc.Arbitrary<Script>, { sabotage, breaks }: PlantedBug): void => {
    const property = fc.property(arbitrary, (script) => void play(script, sabotage()));
    const details = fc.check(property, { seed: 2, numRuns: RUNS_TO_FIND_A_BUG, endOnFailure: true });
    expect(String(details.errorInstance)).toMatch(breaks);
  };

  it.each(Object.entries(plantedBugs))('%s', { timeout: 120_000 }, (_name, bug) => {
    finds(scripts, bug);
  });

  it('after a restore, what is heard of an order that is not known any more and forgotten', {
    timeout: 120_000,
  }, () => {
    finds(restored, plantedAfterRestore);
  });
});
