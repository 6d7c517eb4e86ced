import { type FreshDatabase, freshDatabase } from '@baton/messaging/testing';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Sagas1700000001000 } from './1-sagas.js';
import { Kpis1764000002000 } from './2-kpis.js';
import { Archive1764000004000 } from './4-archive.js';

let fresh: FreshDatabase;
let database: DataSource;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = await new DataSource({
    type: 'postgres',
    url: fresh.url,
    migrations: [Sagas1700000001000, Kpis1764000002000],
  }).initialize();
  await database.runMigrations();
});
afterAll(async () => {
  await database?.destroy();
  await fresh?.drop();
});

const write = (orderId: string, at: string) =>
  fresh.query(
    `insert into saga_history (definition, order_id, unit, visit, at, facts) values ('d', $1, 'u', 1, $2, '[]')`,
    [orderId, at],
  );
const where = async () =>
  (await fresh.query('select order_id, tableoid::regclass::text as place from saga_history order by order_id')).map(
    ({ order_id: id, place }) => `${id as string} ${place as string}`,
  );

it('What_was_there_before_partitions stays, as the first of them, and goes back into one table', async () => {
  await write('a', '2025-03-01');
  await write('b', new Date().toISOString());
  const runner = database.createQueryRunner();
  const migration = new Archive1764000004000();
  await migration.up(runner);
  await write('c', '2025-04-01');
  await write('d', '2099-01-01');
  expect(await where()).toEqual([
    'a saga_history_before',
    'b saga_history_before',
    'c saga_history_before',
    'd saga_history_other',
  ]);
  await migration.down(runner);
  expect(await where()).toEqual(['a', 'b', 'c', 'd'].map((id) => `${id} saga_history`));
  await migration.up(runner);
  expect(await where()).toHaveLength(4);
  await runner.release();
});
