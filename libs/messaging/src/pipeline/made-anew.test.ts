import pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { eventually } from '../testing/index.js';
import { Add, silent, type TallyService, wish } from '../testing/tally.js';
import { TallyWorld } from '../testing/tally-world.js';
import { runOn, withClient } from './connection.js';
import { MadeAnew } from './made-anew.js';
import { setBackPositions } from './positions.js';

let rejections: number;
/** What warnings were about. */
let warned: unknown[];

const world = TallyWorld.ofEachTest();
beforeEach(() => {
  rejections = 0;
  warned = [];
  world.transport.onRejected = () => void (rejections += 1);
});

const start = (): Promise<TallyService> =>
  world.start({ log: { ...silent, warn: (_: string, details?: object) => void warned.push(details) } });

const total = async (): Promise<unknown> => (await world.query('select total from tally'))[0]?.['total'];
const standing = async (): Promise<unknown> =>
  (await world.query(`select next_offset::int as at, ahead from position where topic = 'orders'`))[0];

/** A service that has handled three wishes, 7 in all, and knows that it has. */
const startedAndFed = async (): Promise<TallyService> => {
  const service = await start();
  world.transport.deliver([wish('a', 1), wish('a', 2), wish('a', 4)]);
  await eventually(() => world.transport.records.length === 3);
  expect(await standing()).toEqual({ at: 3, ahead: null });
  return service;
};

test('all that is said in a topic that was made anew while nobody read it is handled, once', async () => {
  await world.stop(await startedAndFed());
  // The fifth of the old topic had gone ahead.
  await world.query(`update position set ahead = '4:1' where topic = 'orders'`);
  await world.transport.makeAnew('orders');
  world.transport.deliver([wish('a', 8)]);
  await start();
  await eventually(async () => (await total()) === 15);
  expect(rejections).toBe(1);
  expect(warned).toEqual([{ partitions: ['orders/0@3'] }]);

  world.transport.deliver([16, 32, 64, 128].map((number) => wish('a', number)));
  await eventually(async () => (await total()) === 255);
  world.transport.repeat('orders');
  world.transport.deliver([wish('a', 256)]);
  await eventually(async () => (await total()) === 511);
  expect(await standing()).toEqual({ at: 6, ahead: null });
});

test('a position that another process moved past the end seen first is not set back', async () => {
  await world.stop(await startedAndFed());
  await world.query(`update position set next_offset = 5 where topic = 'orders'`);
  world.transport.onRejected = () => {
    rejections += 1;
    world.transport.deliver([wish('a', 8), wish('a', 16)]);
  };
  await start();
  world.transport.deliver([wish('a', 32)]);
  await eventually(async () => (await total()) === 39);
  expect(rejections).toBe(1);
  expect(warned).toEqual([]);
  expect(await standing()).toEqual({ at: 6, ahead: null });
});

test('a position that moves between two questions proves nothing by where it was', async () => {
  await world.stop(await startedAndFed());
  await world.query(`update position set next_offset = 5 where topic = 'orders'`);
  world.transport.onRejected = async () => {
    rejections += 1;
    if (rejections === 1) await world.query(`update position set next_offset = 6 where topic = 'orders'`);
    else world.transport.deliver([wish('a', 8), wish('a', 16), wish('a', 32)]);
  };
  await start();
  world.transport.deliver([wish('a', 64)]);
  await eventually(async () => (await total()) === 71);
  expect(warned).toEqual([]);
});

test('a position that moved since it was read is left where it is', async () => {
  await startedAndFed();
  const pool = new pg.Pool({ connectionString: world.database.url });
  const setBack = (offset: bigint) =>
    withClient(pool, (client) => setBackPositions(runOn(client), [{ topic: 'orders', partition: 0, offset }]));
  expect(await setBack(2n)).toEqual([]);
  expect(await standing()).toEqual({ at: 3, ahead: null });
  expect(await setBack(3n)).toEqual([{ topic: 'orders', partition: 0, offset: 0n }]);
  expect(await standing()).toEqual({ at: 0, ahead: null });
  await pool.end();
});

test('what was known of the old topic proves nothing about the new one', async () => {
  await startedAndFed();
  const pool = new pg.Pool({ connectionString: world.database.url });
  const madeAnew = new MadeAnew();
  const position = (offset: bigint) => ({ topic: 'orders', partition: 0, offset });
  const find = (end: bigint) => withClient(pool, (client) => madeAnew.find(runOn(client), [position(end)]));
  madeAnew.remember(position(3n));
  expect(await find(1n)).toEqual({ positions: [position(0n)], setBack: [position(3n)], unclear: [] });
  // Another process gets as far in the new topic, after its end was read.
  await world.query(`update position set next_offset = 3 where topic = 'orders'`);
  expect(await find(1n)).toEqual({ positions: [position(3n)], setBack: [], unclear: [position(3n)] });
  expect(await find(3n)).toEqual({ positions: [position(3n)], setBack: [], unclear: [] });
  await pool.end();
});

test('who read the topic to its loss needs no second question', async () => {
  await startedAndFed();
  await world.transport.makeAnew('orders');
  expect(rejections).toBe(0);
  expect(warned).toEqual([{ partitions: ['orders/0@3'] }]);
  world.transport.deliver([wish('a', 8)]);
  await eventually(async () => (await total()) === 15);
});

test('what was taken from the old topic does not count as of the new one', async () => {
  const { pipeline } = await startedAndFed();
  const other = new pg.Client(world.database.url);
  await other.connect();
  await other.query('begin; lock table position in exclusive mode');
  world.transport.deliver([wish('a', 8)]);
  await eventually(async () => {
    const [row] = await world.query(
      `select count(*)::int as n from pg_locks where not granted and relation = 'position'::regclass`,
    );
    return row?.['n'] === 1;
  });
  // While its unit of work waits, another process takes the partition over, and the topic is another one.
  world.transport.subscriptions[0]?.onRevoked([{ topic: 'orders', partition: 0 }]);
  await other.query(`update position set next_offset = 0 where topic = 'orders'; commit`);
  await other.end();
  expect(await pipeline.submit(Add, { orderId: 'a', amount: 16 })).toEqual({ body: { total: 23 } });
  expect(await standing()).toEqual({ at: 0, ahead: null });
});
