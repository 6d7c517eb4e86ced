import type { Run } from '../state/rows.js';
import { inTransaction } from './transaction.js';
import { type BatchPlace, type EffectName, type Place, placeText, type SavedEffect } from './effect.js';
import { LockedBatches, openPlaces, spillBatches } from './effect-batches.js';
import {
  freeAbandonedRows,
  freeRows,
  freeRowsOf,
  insertRows,
  ownedRows,
  postponeRow,
  takeRows,
} from './effect-rows.js';

/**
 * How long a process keeps its effects without a sign of life, milliseconds; after that others perform them, under the
 * same keys. One row a process says that it lives, so that waiting effects cost nothing.
 */
export const OWNER_LEASE_MS = 10_000;

const sorted = (places: readonly Place[]) => {
  const batched: BatchPlace[] = [];
  const alone: EffectName[] = [];
  for (const place of places) {
    if ('batch' in place) batched.push(place);
    else alone.push(place);
  }
  return { batched, alone };
};

const batchOf = ({ batch }: BatchPlace): string => batch;

/** What a transaction has taken from where effects wait. */
export interface TakenEffects {
  /** Texts of the places that were open; any other was taken before. */
  readonly places: ReadonlySet<string>;
  /** To be saved before the commit. */
  readonly batches: LockedBatches;
}

/** Takes effects that have answered. */
export const takeEffects = async (run: Run, places: readonly Place[]): Promise<TakenEffects> => {
  const { batched, alone } = sorted(places);
  const [batches, taken] = await Promise.all([LockedBatches.lock(run, batched.map(batchOf)), takeRows(run, alone)]);
  for (const place of batched) if (batches.tick(place)) taken.add(placeText(place));
  return { places: taken, batches };
};

/** Gives an effect back that had no answer, to be tried again after a pause: from now on it has a row of its own. */
export const postponeEffect = async (run: Run, effect: SavedEffect, pauseMs: number, error: string): Promise<void> => {
  const { batched, alone } = sorted(effect.places);
  if (batched.length === 0) {
    await postponeRow(run, effect, pauseMs, error);
    return;
  }
  await inTransaction(run, async () => {
    const batches = await LockedBatches.lock(run, batched.map(batchOf));
    const left = batched.filter((place) => batches.tick(place));
    const waiting = { ...effect, tries: effect.tries + 1, pauseMs, lastError: error };
    // If it had left before, then by a commit whose answer was lost, or because others perform it now.
    const row =
      alone.length > 0 ? postponeRow(run, effect, pauseMs, error) : insertRows(run, left.length ? [waiting] : []);
    await Promise.all([row, ...batches.save(run)]);
  });
};

/** Says that this process lives. */
export const keepAlive = (run: Run, owner: string): Promise<unknown> =>
  run(
    `insert into effect_owner (id, alive_until) values ($1, now() + $2::int * interval '1 millisecond')
     on conflict (id) do update set alive_until = excluded.alive_until`,
    [owner, OWNER_LEASE_MS],
    'effect:alive',
  );

/** Takes the effects of processes that show no sign of life away from them; any process may do it. */
export const freeAbandoned = async (run: Run): Promise<void> => {
  await run('delete from effect_owner where alive_until < now()', []);
  await freeAbandonedRows(run);
  await spillBatches(run, 'not exists (select from effect_owner o where o.id = b.owner)', []);
};

/** Where this process' effects are kept, by the database. */
export const ownedPlaces = async (run: Run, owner: string): Promise<Place[]> => {
  const [alone, batched] = await Promise.all([ownedRows(run, owner), openPlaces(run, owner)]);
  return [...alone, ...batched];
};

/** Gives some effects of this process back at once. */
export const giveBack = async (run: Run, owner: string, places: readonly Place[]): Promise<void> => {
  const { batched, alone } = sorted(places);
  if (alone.length > 0) await freeRows(run, owner, alone);
  if (batched.length === 0) return;
  const meant = new Set(batched.map(placeText));
  for (const id of new Set(batched.map(batchOf))) {
    await spillBatches(run, 'id = $1', [id], (place) => meant.has(placeText(place)));
  }
};

/** Gives everything back at once that this process owns: it stops. */
export const giveUp = async (run: Run, owner: string): Promise<void> => {
  await freeRowsOf(run, owner);
  await spillBatches(run, 'owner = $1', [owner]);
  await run('delete from effect_owner where id = $1', [owner]);
};
