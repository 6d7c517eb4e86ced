import { type FreshDatabase, freshDatabase } from '@baton/messaging/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { dueSagas } from './deadlines.js';
import { Sagas1700000001000 } from './store/migrations/1-sagas.js';

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  const source = new DataSource({ type: 'postgres', url: database.url, migrations: [Sagas1700000001000] });
  await source.initialize();
  await source.runMigrations();
  await source.destroy();
});
afterAll(() => database.drop());

const save = (orderId: string, dueAt: string | null): Promise<unknown> =>
  database.query(
    `insert into saga (definition, order_id, version, status, state, due_at, visits, open_incidents, created_at, updated_at)
     values ('tale', $1, 1, 'running', '{}', $2, 1, 0, now(), now())`,
    [orderId, dueAt],
  );

it('finds due sagas page by page, the longest due first, none twice, though times differ by microseconds alone', async () => {
  const second = '2026-01-01T00:00:00';
  await save('e', `${second}.000003Z`);
  await save('d', `${second}.000002Z`);
  await save('b', `${second}.000001Z`);
  await save('c', `${second}.000001Z`);
  await save('a', `${second}.000001Z`);
  await save('later', '2026-01-01T00:00:02Z');
  await save('never', null);

  const pages: unknown[][] = [];
  let after: readonly unknown[] | undefined;
  do {
    const found = await dueSagas.next(database.query, '2026-01-01T00:00:01.000Z', 2, after);
    pages.push(found.map(({ command, data }) => command.keyOf(data)));
    after = found.at(-1)?.place;
  } while (after);
  expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e'], []]);
});
