import type { Run } from '../state/rows.js';
import { traceHeaders, traceText } from '../telemetry/trace-text.js';
import { type EffectName, effectText, type NewEffect, type SavedEffect } from './effect.js';

/** An effect on its way to a row that nobody owns. */
export interface WaitingEffect extends NewEffect {
  readonly tries: number;
  /** Milliseconds until its next try. */
  readonly pauseMs: number;
  /** Why the last try had no answer, if there was one. */
  readonly lastError: string | null;
}

const names = (effects: readonly EffectName[]) => [effects.map(({ kind }) => kind), effects.map(({ key }) => key)];

const nameIn = ([kind, key]: readonly unknown[]): EffectName => ({ kind: kind as string, key: key as string });

/** Gives effects rows of their own; one that waits under the same key already is left as it is. */
export const insertRows = async (run: Run, effects: readonly WaitingEffect[]): Promise<void> => {
  if (effects.length === 0) return;
  await run(
    `insert into effect (kind, key, payload, trace, tries, last_error, due_at)
     select kind, key, payload::jsonb, trace, tries, last_error, now() + pause_ms * interval '1 millisecond'
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::int[])
       as k(kind, key, payload, trace, tries, last_error, pause_ms)
     on conflict (kind, key) do nothing`,
    [
      ...names(effects),
      effects.map(({ payload }) => JSON.stringify(payload)),
      effects.map(({ trace }) => traceText(trace)),
      effects.map(({ tries }) => tries),
      effects.map(({ lastError }) => lastError),
      effects.map(({ pauseMs }) => Math.round(pauseMs)),
    ],
    'effect:insert',
  );
};

/** Takes the rows of effects that have answered; what is not returned was taken before. */
export const takeRows = async (run: Run, effects: readonly EffectName[]): Promise<Set<string>> => {
  if (effects.length === 0) return new Set();
  const { rows } = await run(
    `delete from effect where (kind, key) in (select * from unnest($1::text[], $2::text[])) returning kind, key`,
    names(effects),
    'effect:take',
  );
  return new Set(rows.map((row) => effectText(nameIn(row))));
};

/** Claims effects that nobody owns and that are due. */
export const claimRows = async (run: Run, owner: string, limit: number): Promise<SavedEffect[]> => {
  const { rows } = await run(
    `update effect set owner = $1
     where (kind, key) in (
       select kind, key from effect where owner is null and due_at <= now()
       order by due_at limit $2 for update skip locked)
     returning kind, key, payload, trace, tries`,
    [owner, limit],
    'effect:claim',
  );
  return rows.map((row) => {
    const [, , payload, trace, tries] = row;
    const name = nameIn(row);
    return { ...name, payload, trace: traceHeaders(trace as string | null), tries: tries as number, places: [name] };
  });
};

/** Gives an effect back that had no answer, to be tried again after a pause. */
export const postponeRow = (run: Run, { kind, key }: EffectName, pauseMs: number, error: string): Promise<unknown> =>
  run(
    `update effect set owner = null, tries = tries + 1, last_error = $4,
       due_at = now() + $3::int * interval '1 millisecond'
     where kind = $1 and key = $2`,
    [kind, key, Math.round(pauseMs), error],
    'effect:postpone',
  );

export const ownedRows = async (run: Run, owner: string): Promise<EffectName[]> => {
  const { rows } = await run('select kind, key from effect where owner = $1', [owner]);
  return rows.map(nameIn);
};

/** Gives some effects of this process back at once. */
export const freeRows = (run: Run, owner: string, effects: readonly EffectName[]): Promise<unknown> =>
  run(
    `update effect set owner = null, due_at = now()
     where owner = $1 and (kind, key) in (select * from unnest($2::text[], $3::text[]))`,
    [owner, ...names(effects)],
  );

export const freeRowsOf = (run: Run, owner: string): Promise<unknown> =>
  run('update effect set owner = null, due_at = now() where owner = $1', [owner]);

/** Gives the effects of processes back that show no sign of life. */
export const freeAbandonedRows = (run: Run): Promise<unknown> =>
  run(
    `update effect e set owner = null, due_at = now()
     where owner is not null and not exists (select from effect_owner o where o.id = e.owner)`,
    [],
  );
