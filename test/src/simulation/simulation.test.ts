import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { play } from './run.js';
import { plantedBugs } from './sabotage.js';
import { scripts } from './script.js';

/** More runs for a longer search: BATON_SIMULATION_RUNS=20000. */
const RUNS = Number(process.env['BATON_SIMULATION_RUNS'] ?? 300);
/** The seed that a failure prints, to see it again. */
const SEED = process.env['BATON_SIMULATION_SEED'];
/** Shrinking a failure ends then, too. */
const LONGEST_SEARCH_MS = 180_000;
/** Enough to find each planted bug many times over. */
const RUNS_TO_FIND_A_BUG = 600;

it(`keeps every promise in ${RUNS} random runs of all services`, { timeout: 2 * LONGEST_SEARCH_MS }, () => {
  const seed = SEED === undefined ? Date.now() % 2 ** 31 : Number(SEED);
  const statuses = new Map<string, number>();
  const sentences = new Set<string>();
  let incidents = 0;
  const details = fc.check(
    fc.property(scripts, (script) => {
      const result = play(script);
      for (const status of result.statuses) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      for (const sentence of result.sentences) sentences.add(sentence.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, '…'));
      incidents += result.incidents;
    }),
    { seed, numRuns: RUNS, interruptAfterTimeLimit: LONGEST_SEARCH_MS },
  );
  if (details.failed) {
    const [counterexample] = details.counterexample ?? [];
    throw new Error(`Seed ${seed}: ${String(details.errorInstance)}\n${JSON.stringify(counterexample)}`, {
      cause: details.errorInstance,
    });
  }
  const ended = JSON.stringify(Object.fromEntries(statuses));
  console.log(
    `Simulation: seed ${seed}, ${ended}, ${incidents} with incidents, ${sentences.size} different sentences.`,
  );
  // A search that never gets anywhere proves nothing.
  for (const status of ['completed', 'cancelled', 'waiting']) expect(statuses.get(status)).toBeGreaterThan(0);
  expect(incidents).toBeGreaterThan(0);
});

describe('notices', () => {
  it.each(Object.entries(plantedBugs))('%s', { timeout: 120_000 }, (_name, { sabotage, breaks }) => {
    const property = fc.property(scripts, (script) => void play(script, sabotage()));
    const details = fc.check(property, { seed: 2, numRuns: RUNS_TO_FIND_A_BUG, endOnFailure: true });
    expect(String(details.errorInstance)).toMatch(breaks);
  });
});
