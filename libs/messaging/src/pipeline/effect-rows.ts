import type { Run } from '../state/store-table.js';
import { traceHeaders, traceText } from '../telemetry/trace-text.js';
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
  /** Tries that had no answer. */
  readonly tries: number;
}

/** Names one effect of a service. */
export interface EffectName {
  readonly kind: string;
  readonly key: string;
}

/** What an effect is about: the order that its payload names, else its own key. */
export const subjectOf = ({ payload, key }: Pick<NewEffect, 'payload' | 'key'>): string => {
  const orderId = (payload as { readonly orderId?: unknown } | null)?.orderId;
  return typeof orderId === 'string' ? orderId : key;
};

export const effectText = ({ kind, key }: EffectName): string => `${kind}/${key}`;

/**
 * How long a process keeps its effects without a sign of life, milliseconds; after that others perform them, under the
 * same keys. One row a process says that it lives, so that waiting effects cost nothing.
 */
export const OWNER_LEASE_MS = 10_000;

const read = (rows: readonly unknown[][]): EffectRow[] =>
  rows.map(([kind, key, payload, trace, tries]) => ({
    kind: kind as string,
    key: key as string,
    payload,
    trace: traceHeaders(trace as string | null),
    tries: tries as number,
  }));

const names = (effects: readonly EffectName[]) => [effects.map(({ kind }) => kind), effects.map(({ key }) => key)];

/** Saves effects, owned by this process; one that waits under the same key already is left as it is. */
export const insertEffects = async (run: Run, owner: string, effects: readonly NewEffect[]): Promise<EffectRow[]> => {
  const { rows } = await run(
    `insert into effect (kind, key, payload, trace, owner, due_at)
     select kind, key, payload::jsonb, trace, $5, now()
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as k(kind, key, payload, trace)
     on conflict (kind, key) do nothing
     returning kind, key`,
    [
      ...names(effects),
      effects.map(({ payload }) => JSON.stringify(payload)),
      effects.map(({ trace }) => traceText(trace)),
      owner,
    ],
    'effect:insert',
  );
  const saved = new Set(rows.map(([kind, key]) => effectText({ kind: kind as string, key: key as string })));
  // Of two under one key, the first was saved.
  return effects.filter((effect) => saved.delete(effectText(effect))).map((effect) => ({ ...effect, tries: 0 }));
};

/** Takes the rows of effects that have answered; what is not returned was taken before. */
export const takeEffects = async (run: Run, effects: readonly EffectName[]): Promise<Set<string>> => {
  if (effects.length === 0) return new Set();
  const { rows } = await run(
    `delete from effect where (kind, key) in (select * from unnest($1::text[], $2::text[])) returning kind, key`,
    names(effects),
    'effect:take',
  );
  return new Set(rows.map(([kind, key]) => effectText({ kind: kind as string, key: key as string })));
};

/** Claims effects that nobody owns and that are due. */
export const claimEffects = async (run: Run, owner: string, limit: number): Promise<EffectRow[]> => {
  const { rows } = await run(
    `update effect set owner = $1
     where (kind, key) in (
       select kind, key from effect where owner is null and due_at <= now()
       order by due_at limit $2 for update skip locked)
     returning kind, key, payload, trace, tries`,
    [owner, limit],
    'effect:claim',
  );
  return read(rows);
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
  await run(
    `update effect e set owner = null, due_at = now()
     where owner is not null and not exists (select from effect_owner o where o.id = e.owner)`,
    [],
  );
};

/** Gives an effect back that had no answer, to be tried again after a pause. */
export const postponeEffect = (run: Run, { kind, key }: EffectName, pauseMs: number, error: string): Promise<unknown> =>
  run(
    `update effect set owner = null, tries = tries + 1, last_error = $4,
       due_at = now() + $3::int * interval '1 millisecond'
     where kind = $1 and key = $2`,
    [kind, key, Math.round(pauseMs), error],
    'effect:postpone',
  );

/** What this process owns, by the database. */
export const ownedEffects = async (run: Run, owner: string): Promise<EffectName[]> => {
  const { rows } = await run('select kind, key from effect where owner = $1', [owner]);
  return rows.map(([kind, key]) => ({ kind: kind as string, key: key as string }));
};

/** Gives effects of this process back at once. */
export const giveBack = (run: Run, owner: string, effects: readonly EffectName[]): Promise<unknown> =>
  run(
    `update effect set owner = null, due_at = now()
     where owner = $1 and (kind, key) in (select * from unnest($2::text[], $3::text[]))`,
    [owner, ...names(effects)],
  );

/** Gives everything back at once that this process owns: it stops. */
export const giveUp = async (run: Run, owner: string): Promise<void> => {
  await run('update effect set owner = null, due_at = now() where owner = $1', [owner]);
  await run('delete from effect_owner where id = $1', [owner]);
};
