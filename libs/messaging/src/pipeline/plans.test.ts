import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../testing/index.js';
import { tallyWorld, wish } from '../testing/tally.js';

const ROWS = 20_000;

let world: Awaited<ReturnType<typeof tallyWorld>>;

beforeEach(async () => {
  world = await tallyWorld();
});
afterEach(() => world.stop());

const handle = async (orderId: string, number: number): Promise<void> => {
  world.transport.deliver([wish(orderId, number)]);
  await eventually(async () => {
    const [row] = await world.database.query(
      `select jsonb_array_length(heard) as n from tally where order_id = '${orderId}'`,
    );
    return row?.['n'] === number;
  });
};

/** Rows of the table that the service's connections have read, one after another or by the index. */
const read = async (): Promise<number> => {
  const [row] = await world.database.query(
    `select (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as n from pg_stat_user_tables where relname = 'tally'`,
  );
  return Number(row?.['n']);
};

test('statements that were planned while a table was empty read no more of it than they need once it is large', async () => {
  await handle('order-1', 1);
  await handle('order-1', 2);
  await world.database.query(
    `insert into tally select (jsonb_populate_record(t, jsonb_build_object('order_id', 'other-' || n))).*
     from tally t, generate_series(1, ${ROWS}) n`,
  );
  const before = await read();
  await handle('order-2', 1);
  await handle('order-2', 2);
  // A connection tells what it has read when it falls idle, at most once a second.
  await eventually(async () => (await read()) > before);
  await handle('order-2', 3);
  expect((await read()) - before).toBeLessThan(ROWS / 2);
}, 60_000);
