import { arrayOf } from '../state/bulk.js';
import type { Run } from '../state/rows.js';
import { type HeldContent, type HeldInput, packContent, unpackContent } from './inputs.js';

/** A message that is put aside by the unit of work that met it. */
export interface NewHeld {
  readonly state: 'retrying' | 'parked' | 'dead';
  /** Whether later messages of the key wait behind it. */
  readonly parks: boolean;
  readonly key: string;
  readonly name: string;
  /** Where it came from, for people: `orders-intake/2/1701`, `effect BookWithCarrier`. */
  readonly origin: string;
  readonly content: HeldContent;
  readonly reason: string;
  readonly tries: number;
  readonly retryInMs?: number;
}

/** A held message that failed once more, or found one that stands before it. */
export interface HeldAgain extends Pick<NewHeld, 'state' | 'reason' | 'tries' | 'retryInMs'> {
  readonly id: string;
}

/** Of a held message `h`: `b` is a failed one of its key that it waits behind. */
export const STANDS_BEFORE =
  "b.key = h.key and b.id < h.id and (b.state = 'retrying' or (b.state = 'dead' and b.parks))";

/** The earliest message of each key that others wait behind, by its id. */
export type Parked = Map<string, bigint>;

/** Keys that a message waits behind: one that is tried again, parked, or dead in a way that parks. */
export const parkedKeys = async (run: Run, keys: readonly string[], exceptIds: readonly string[]): Promise<Parked> => {
  if (keys.length === 0) return new Map();
  const { rows } = await run(
    `select key, min(id) from held_message
     where key = any($1::text[]) and (parks or state <> 'dead') and id <> all($2::bigint[]) group by key`,
    [arrayOf('text', keys), exceptIds],
    'held:keys',
  );
  return new Map(rows.map(([key, id]) => [key as string, BigInt(id as string)]));
};

/** Held rows that were found before: those that still are as they were found, and where others are that hold up their keys. */
export interface LockedHeld {
  readonly live: ReadonlySet<string>;
  readonly changed: Parked;
}

/** Locks held rows and says which of them still are as they were found. */
export const lockHeld = async (run: Run, inputs: readonly HeldInput[]): Promise<LockedHeld> => {
  const live = new Set<string>();
  const changed: Parked = new Map();
  if (inputs.length === 0) return { live, changed };
  const { rows } = await run(
    `select id, state, tries, key, parks or state <> 'dead' from held_message
     where id = any($1::bigint[]) order by id for update`,
    [inputs.map(({ heldId }) => heldId)],
  );
  const asFound = new Map(inputs.map(({ heldId, state, tries }) => [heldId, `${state}/${tries}`]));
  for (const [id, state, tries, key, holdsUp] of rows) {
    if (asFound.get(id as string) === `${String(state)}/${String(tries)}`) live.add(id as string);
    else if (holdsUp === true && !changed.has(key as string)) changed.set(key as string, BigInt(id as string));
  }
  return { live, changed };
};

export const insertHeld = (run: Run, held: readonly NewHeld[]): Promise<unknown> =>
  run(
    `insert into held_message (state, parks, key, name, origin, content, reason, tries, next_at)
     select state, parks, key, name, origin, decode(content, 'base64'), reason, tries,
            now() + retry_in * interval '1 millisecond'
     from unnest($1::text[], $2::bool[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[])
       as k(state, parks, key, name, origin, content, reason, tries, retry_in)`,
    [
      held.map(({ state }) => state),
      held.map(({ parks }) => parks),
      held.map(({ key }) => key),
      held.map(({ name }) => name),
      held.map(({ origin }) => origin),
      held.map(({ content }) => packContent(content).toString('base64')),
      held.map(({ reason }) => reason),
      held.map(({ tries }) => tries),
      held.map(({ retryInMs }) => retryInMs ?? null),
    ],
    'held:insert',
  );

export const holdAgain = (run: Run, held: readonly HeldAgain[]): Promise<unknown> =>
  run(
    `update held_message h
     set state = k.state, parks = true, reason = k.reason, tries = k.tries, next_at = now() + k.retry_in * interval '1 millisecond'
     from unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::int[]) as k(id, state, reason, tries, retry_in)
     where h.id = k.id`,
    [
      held.map(({ id }) => id),
      held.map(({ state }) => state),
      held.map(({ reason }) => reason),
      held.map(({ tries }) => tries),
      held.map(({ retryInMs }) => retryInMs ?? null),
    ],
  );

export const deleteHeld = (run: Run, ids: readonly string[]): Promise<unknown> =>
  run('delete from held_message where id = any($1::bigint[])', [ids]);

/**
 * What may be tried now, oldest first: failed messages whose pause is over, and parked ones that nothing of their key
 * stands before any more.
 */
export const dueHeld = async (run: Run, limit: number): Promise<HeldInput[]> => {
  const { rows } = await run(
    `select id, state, tries, content from held_message h
     where (state = 'retrying' and next_at <= now())
        or (state = 'parked' and not exists (select from held_message b where ${STANDS_BEFORE}))
     order by id limit $1`,
    [limit],
  );
  return rows.map(([id, state, tries, content]) => ({
    kind: 'held',
    heldId: id as string,
    state: state as 'retrying' | 'parked',
    tries: tries as number,
    content: unpackContent(content as Buffer),
  }));
};
