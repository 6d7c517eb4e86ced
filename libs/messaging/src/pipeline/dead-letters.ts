import type pg from 'pg';
import { query } from './connection.js';
import { STANDS_BEFORE } from './held-messages.js';

/** What is told of a held message; its content may name a person. */
export interface HeldMessage {
  readonly id: string;
  readonly state: 'dead' | 'retrying' | 'parked';
  readonly key: string;
  readonly name: string;
  readonly origin: string;
  readonly reason: string;
  readonly tries: number;
  readonly at: string;
  /** The failed message of its key that it waits behind. */
  readonly waitsFor?: string;
}

type Row = Omit<HeldMessage, 'waitsFor'> & { readonly waitsFor: string | null };

const WAITS_FOR = `(select min(b.id) from held_message b where ${STANDS_BEFORE}) as "waitsFor"`;

const told = <Told extends { readonly waitsFor: string | null }>({ waitsFor, ...row }: Told) => ({
  ...row,
  ...(waitsFor !== null && { waitsFor }),
});

/** Held messages of a state, oldest first, at most `limit`, behind the id `after`. */
export const heldMessages = async (
  pool: pg.Pool,
  state: HeldMessage['state'],
  after: bigint,
  limit: number,
): Promise<readonly HeldMessage[]> => {
  const rows = await query<Row>(
    pool,
    `select id, state, key, name, origin, reason, tries, created_at as at, ${state === 'dead' ? 'null as "waitsFor"' : WAITS_FOR}
     from held_message h where state = $1 and id > $2 order by id limit $3`,
    [state, after.toString(), limit],
  );
  return rows.map(told);
};

/**
 * Has a dead letter tried again, as if its message came now; one that an earlier failed message of its key stands before
 * waits for that.
 * @returns undefined if there is none
 */
export const redrive = async (
  pool: pg.Pool,
  id: string,
): Promise<Pick<HeldMessage, 'id' | 'state' | 'waitsFor'> | undefined> => {
  const [row] = await query<Pick<Row, 'id' | 'state' | 'waitsFor'>>(
    pool,
    `with wanted as (select h.id, ${WAITS_FOR} from held_message h where h.id = $1 and h.state = 'dead' for update)
     update held_message h
     set state = case when wanted."waitsFor" is null then 'retrying' else 'parked' end, tries = 0, next_at = now()
     from wanted where h.id = wanted.id returning h.id, h.state, wanted."waitsFor"`,
    [id],
  );
  return row && told(row);
};

/** Gives a dead letter up for good. @returns whether there was one */
export const discard = async (pool: pg.Pool, id: string): Promise<boolean> => {
  const rows = await query(pool, `delete from held_message where id = $1 and state = 'dead' returning id`, [id]);
  return rows.length > 0;
};
