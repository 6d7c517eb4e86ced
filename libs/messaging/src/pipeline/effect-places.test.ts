import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { messagingMigrations } from '../migrations/index.js';
import type { Run } from '../state/rows.js';
import { type FreshDatabase, freshDatabase } from '../testing/index.js';
import { runOn } from './connection.js';
import { checkStorable, type Place, type SavedEffect } from './effect.js';
import { insertBatch, packEffects } from './effect-batches.js';
import { freeAbandoned, giveBack, keepAlive, ownedPlaces, postponeEffect, takeEffects } from './effect-places.js';
import { claimRows } from './effect-rows.js';
import { inTransaction } from './transaction.js';

const OWNER = 'this process';
let database: FreshDatabase;
let client: pg.Client;
let run: Run;

beforeEach(async () => {
  database = await freshDatabase();
  const query = (sql: string) => database.query(sql);
  for (const Migration of messagingMigrations) await new Migration().up({ query } as never);
  client = new pg.Client({ connectionString: database.url, ...({ pipeline: true } as object) });
  await client.connect();
  run = runOn(client);
});
afterEach(async () => {
  await client.end();
  await database.drop();
});

const effect = (number: number): SavedEffect => ({
  kind: 'Ring',
  key: `ring/${number}`,
  payload: { number },
  trace: {},
  tries: 0,
  places: [{ batch: '1', index: number }],
});
const batch = async (size: number): Promise<unknown> => {
  const effects = Array.from({ length: size }, (_, index) => effect(index));
  return insertBatch(run, { id: '1', owner: OWNER, effects }, await packEffects(effects));
};
/** Takes answers in, as a unit of work does. */
const take = (...places: Place[]): Promise<readonly string[]> =>
  inTransaction(run, async () => {
    const taken = await takeEffects(run, places);
    await Promise.all(taken.batches.save(run));
    return [...taken.places];
  });
const at = (...indices: number[]): Place[] => indices.map((index) => ({ batch: '1', index }));
const open = async (): Promise<unknown> =>
  (await database.query('select bit_count(open)::int as open from effect_batch'))[0]?.['open'];
const waiting = () => database.query('select key, tries, last_error, owner from effect order by length(key), key');

test.each([1, 7, 8, 9, 1_000])('a batch of %i has as many open effects, each of which is taken once', async (size) => {
  await batch(size);
  expect(await ownedPlaces(run, OWNER)).toEqual(Array.from({ length: size }, (_, index) => ({ batch: '1', index })));
  const last = size - 1;
  expect(await take(...at(last, size))).toEqual([`1#${last}`]);
  expect(await take(...at(last))).toEqual([]);
  expect(await ownedPlaces(run, OWNER)).toEqual(Array.from({ length: last }, (_, index) => ({ batch: '1', index })));
  expect(await open()).toBe(last > 0 ? last : undefined);
  expect(await take(...at(...Array.from({ length: size }, (_, index) => index)))).toHaveLength(last);
  expect(await open()).toBeUndefined();
});

test('an effect is postponed once, whatever becomes of the answer to the commit', async () => {
  await batch(2);
  await postponeEffect(run, effect(0), 60_000, 'away');
  await postponeEffect(run, effect(0), 60_000, 'away');
  expect(await waiting()).toEqual([{ key: 'ring/0', tries: 1, last_error: 'away', owner: null }]);
  expect(await claimRows(run, OWNER, 10)).toEqual([]);
  // Whoever claimed it has its answer: it does not come back.
  expect(await take(effect(0))).toEqual(['Ring/ring/0']);
  await postponeEffect(run, effect(0), 60_000, 'away');
  expect(await waiting()).toEqual([]);
  expect(await take(...at(0, 1))).toEqual(['1#1']);
});

test('an effect that was taken over by others meanwhile is not postponed by its former process', async () => {
  await batch(1);
  await freeAbandoned(run);
  expect(await claimRows(run, 'another', 10)).toMatchObject([{ ...effect(0), places: [{ key: 'ring/0' }] }]);
  await postponeEffect(run, effect(0), 0, 'away');
  expect(await waiting()).toEqual([{ key: 'ring/0', tries: 0, last_error: null, owner: 'another' }]);
  expect(await take(...at(0))).toEqual([]);
});

test('only effects of processes without a sign of life are given to others, and nothing that was answered', async () => {
  await keepAlive(run, OWNER);
  await batch(20);
  await take(...at(3, 4, 19));
  await freeAbandoned(run);
  expect([await open(), await waiting()]).toEqual([17, []]);
  await database.query(`update effect_owner set alive_until = now() - interval '1 second'`);
  await freeAbandoned(run);
  expect(await open()).toBeUndefined();
  const left = Array.from({ length: 20 }, (_, index) => index).filter((index) => ![3, 4, 19].includes(index));
  expect(await waiting()).toEqual(left.map((n) => ({ key: `ring/${n}`, tries: 0, last_error: null, owner: null })));
  expect((await claimRows(run, 'another', 100)).map(({ payload }) => payload)).toEqual(
    expect.arrayContaining(left.map((number) => ({ number }))),
  );
});

test('what waits under a name already is not made to wait there twice', async () => {
  await database.query(`insert into effect (kind, key, payload, due_at) values ('Ring', 'ring/0', '{}', now())`);
  await batch(2);
  await freeAbandoned(run);
  expect((await waiting()).map(({ key }) => key)).toEqual(['ring/0', 'ring/1']);
});

test('some effects of a batch are given back, the others stay', async () => {
  await batch(10);
  await giveBack(run, OWNER, at(2, 9));
  expect(await open()).toBe(8);
  expect((await waiting()).map(({ key }) => key)).toEqual(['ring/2', 'ring/9']);
});

test.each(['\u0000', 'a\uD800', '\uDC00b', '\\\u0000'])('an effect that holds %j is refused at once', (text) => {
  expect(() => checkStorable({ kind: 'Ring', key: 'ring/1', payload: { text } })).toThrow(/no database/);
  expect(() => checkStorable({ kind: 'Ring', key: text, payload: {} })).toThrow(/no database/);
});

test.each(['\\u0000', '\\\\ud800', 'Zoë 😀', '\u001f', '\\'])('an effect may hold %j', (text) => {
  expect(() => checkStorable({ kind: 'Ring', key: text, payload: { text } })).not.toThrow();
});
