import type { Run } from '../state/rows.js';
import type { OutgoingRecord } from '../transport/port.js';
import { pack, unpack } from './packing.js';

/** The events of one unit of work, in order. */
export interface OutboxRow {
  readonly id: string;
  readonly records: readonly OutgoingRecord[];
}

type Stored = readonly [topic: string, key: string, headers: OutgoingRecord['headers'], value: string];

/** The events as they are stored. */
export const packRecords = (records: readonly OutgoingRecord[]): Promise<Buffer> =>
  pack(records.map(({ topic, key, headers, value }): Stored => [topic, key, headers, value.toString('utf8')]));

const unpackRecords = async (bytes: Buffer): Promise<OutgoingRecord[]> =>
  (await unpack<Stored>(bytes)).map(([topic, key, headers, value]) => ({
    topic,
    key,
    headers,
    value: Buffer.from(value),
  }));

/**
 * Puts a row in, and takes those away that are published: a statement more costs as much as what they do.
 * @param packed the row's events, by `packRecords`
 */
export const insertOutbox = (run: Run, id: string, packed: Buffer, published: readonly string[]): Promise<unknown> =>
  run(
    `with published as (delete from outbox where id = any($3::bigint[]))
     insert into outbox (id, records) values ($1, $2)`,
    [id, packed, published],
    'outbox:insert',
  );

export const deleteOutbox = (run: Run, ids: readonly string[]): Promise<unknown> =>
  run('delete from outbox where id = any($1::bigint[])', [ids], 'outbox:delete');

/**
 * Those of these rows that are still there, so perhaps not published, and all before the last of them: who wrote it may
 * have gone on with a key whose events an earlier one had left, and have died before those were published.
 */
export const readOutbox = async (run: Run, ids: readonly string[]): Promise<OutboxRow[]> => {
  const { rows } = await run(
    `select id, records from outbox where (created_at, id) <= (
       select created_at, id from outbox where id = any($1::bigint[]) order by created_at desc, id desc limit 1)
     order by created_at, id`,
    [ids],
  );
  return outboxRows(rows);
};

/** Rows that have been there for longer than a publisher that lives would leave them. */
export const staleOutbox = async (run: Run, olderThanMs: number, limit: number): Promise<OutboxRow[]> => {
  const { rows } = await run(
    `select id, records from outbox where created_at < now() - $1::int * interval '1 millisecond'
     order by created_at, id limit $2`,
    [olderThanMs, limit],
  );
  return outboxRows(rows);
};

const outboxRows = (rows: readonly unknown[][]): Promise<OutboxRow[]> =>
  Promise.all(
    rows.map(async ([id, records]) => ({ id: id as string, records: await unpackRecords(records as Buffer) })),
  );
