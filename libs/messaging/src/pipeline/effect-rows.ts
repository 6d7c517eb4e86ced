import type { Run } from '../state/store-table.js';
import type { Headers } from '../transport/port.js';

/** An effect that a unit of work asks for. */
export interface NewEffect {
  readonly kind: string;
  readonly key: string;
  readonly payload: unknown;
  readonly trace: Headers;
}

/** An effect that is saved and has no answer yet. */
export interface EffectRow extends NewEffect {
  readonly id: string;
  /** Tries that had no answer. */
  readonly tries: number;
}

/**
 * How long a process may keep an effect without renewing its claim, milliseconds; after that another performs it, under
 * the same key.
 */
export const EFFECT_LEASE_MS = 10_000;

const read = (rows: readonly unknown[][]): EffectRow[] =>
  rows.map(([id, kind, key, payload, trace, tries]) => ({
    id: id as string,
    kind: kind as string,
    key: key as string,
    payload,
    trace: trace as Headers,
    tries: tries as number,
  }));

/** Saves effects, claimed by this process; one that waits under the same key already is left as it is. */
export const insertEffects = async (run: Run, effects: readonly NewEffect[]): Promise<EffectRow[]> => {
  const { rows } = await run(
    `insert into effect (kind, key, payload, trace, due_at)
     select kind, key, payload::jsonb, trace::jsonb, now() + $5::int * interval '1 millisecond'
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as k(kind, key, payload, trace)
     on conflict (kind, key) do nothing
     returning id, kind, key, payload, trace, tries`,
    [
      effects.map(({ kind }) => kind),
      effects.map(({ key }) => key),
      effects.map(({ payload }) => JSON.stringify(payload)),
      effects.map(({ trace }) => JSON.stringify(trace)),
      EFFECT_LEASE_MS,
    ],
    'effect:insert',
  );
  return read(rows);
};

/** Takes the rows of effects that have answered; what is not returned was taken before. */
export const takeEffects = async (run: Run, ids: readonly string[]): Promise<Set<string>> => {
  if (ids.length === 0) return new Set();
  const { rows } = await run('delete from effect where id = any($1::bigint[]) returning id', [ids], 'effect:take');
  return new Set(rows.map(([id]) => id as string));
};

/** Claims effects that are due: new tries, and those of a process that died. */
export const claimEffects = async (run: Run, limit: number): Promise<EffectRow[]> => {
  const { rows } = await run(
    `update effect set due_at = now() + $1::int * interval '1 millisecond'
     where id in (select id from effect where due_at <= now() order by due_at limit $2 for update skip locked)
     returning id, kind, key, payload, trace, tries`,
    [EFFECT_LEASE_MS, limit],
  );
  return read(rows);
};

/** Keeps the claim on effects that are waited for. */
export const renewEffects = (run: Run, ids: readonly string[]): Promise<unknown> =>
  run(`update effect set due_at = now() + $1::int * interval '1 millisecond' where id = any($2::bigint[])`, [
    EFFECT_LEASE_MS,
    ids,
  ]);

/** Gives an effect back that had no answer, to be tried again after a pause. */
export const postponeEffect = (run: Run, id: string, pauseMs: number, error: string): Promise<unknown> =>
  run(
    `update effect set tries = tries + 1, last_error = $3, due_at = now() + $2::int * interval '1 millisecond'
     where id = $1`,
    [id, Math.round(pauseMs), error],
  );

/** Gives claimed effects back at once, so that another process need not wait for the lease to end. */
export const releaseEffects = (run: Run, ids: readonly string[]): Promise<unknown> =>
  run('update effect set due_at = now() where id = any($1::bigint[])', [ids]);
