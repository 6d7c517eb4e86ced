import pg from 'pg';
import { DataSource, type QueryRunner } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../testing/index.js';
import { createArchive, moveColumnsLast } from './schema.js';

let fresh: FreshDatabase;
let database: DataSource;
let runner: QueryRunner;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = await new DataSource({ type: 'postgres', url: fresh.url }).initialize();
  runner = database.createQueryRunner();
});
afterAll(async () => {
  await runner?.release();
  await database?.destroy();
  await fresh?.drop();
});

it('Columns that change move behind those that stay, with all that belongs to them', async () => {
  await fresh.query(`create table parcel (
    order_id text primary key, state text not null check (state in ('open', 'done')), visits int, label jsonb not null,
    at timestamptz, constraint done_once_visited check (state = 'open' or visits > 0))`);
  await fresh.query('create index parcel_by_state on parcel (state, order_id desc) where visits > 0');
  await fresh.query('create unique index parcel_at on parcel (at)');
  await createArchive(runner, 'parcel', ['order_id']);
  await fresh.query(`create function count_parcels() returns trigger language plpgsql as $$
    begin perform count(state) from old_rows; return null; end $$`);
  await fresh.query(`create trigger counted after update on parcel
    referencing old table as old_rows for each statement execute function count_parcels()`);
  await fresh.query(
    `insert into parcel values ('a', 'open', null, '{"to": "X"}', now()), ('b', 'done', 2, '[]', null)`,
  );
  await fresh.query('create view before as select order_id, state, visits, label, at from parcel');
  const rows = await fresh.query('table before order by 1');
  await fresh.query('drop view before');

  const other = new pg.Client({ connectionString: fresh.url });
  await other.connect();
  const prepared = {
    name: 'load',
    text: `select t.state, t.visits from parcel t where order_id = 'b' for update of t`,
  };
  await other.query(prepared);

  await runner.startTransaction();
  await moveColumnsLast(runner, 'parcel', ['visits', 'state']);
  await runner.commitTransaction();

  // A process of the release before goes on with what it has prepared.
  expect((await other.query(prepared)).rows).toEqual([{ state: 'done', visits: 2 }]);
  await other.end();
  const columns = (name: string) =>
    fresh.query(
      'select column_name as name, is_nullable as nullable from information_schema.columns where table_name = $1 order by ordinal_position',
      [name],
    );
  expect(await columns('parcel')).toEqual([
    { name: 'order_id', nullable: 'NO' },
    { name: 'label', nullable: 'NO' },
    { name: 'at', nullable: 'YES' },
    { name: 'visits', nullable: 'YES' },
    { name: 'state', nullable: 'NO' },
  ]);
  expect((await columns('parcel_all')).map(({ name }) => name)).toEqual([
    'order_id',
    'label',
    'at',
    'visits',
    'state',
    'taken_back',
  ]);
  expect(await fresh.query('select order_id, state, visits, label, at from parcel order by 1')).toEqual(rows);
  const indexes = await fresh.query(`select indexdef from pg_indexes where tablename = 'parcel' order by indexname`);
  expect(indexes.map(({ indexdef }) => String(indexdef).replace(/^.* ON public\./, ''))).toEqual([
    'parcel USING btree (at)',
    `parcel USING btree (state, order_id DESC) WHERE (visits > 0)`,
    'parcel USING btree (order_id)',
  ]);
  await expect(fresh.query(`update parcel set state = 'odd'`)).rejects.toThrow('parcel_state_check');
  await expect(fresh.query(`update parcel set state = 'done' where order_id = 'a'`)).resolves.toBeDefined();
  await expect(fresh.query(`update parcel set visits = 0 where order_id = 'b'`)).rejects.toThrow('done_once_visited');
});
