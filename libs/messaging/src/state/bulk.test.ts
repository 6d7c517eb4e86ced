import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../testing/index.js';
import { arrayOf, type BulkColumn, unnested } from './bulk.js';

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let client: pg.Client;

beforeAll(async () => {
  fresh = await freshDatabase();
  client = new pg.Client({ connectionString: fresh.url });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await fresh?.drop();
});

/** Sends the values of columns, by name and type, and reads them back as rows. */
const sent = async (columns: Readonly<Record<string, readonly [type: string, values: readonly unknown[]]>>) => {
  const named: BulkColumn[] = Object.entries(columns).map(([name, [type]]) => ({
    property: name,
    name: `"${name}"`,
    type,
  }));
  const params = Object.values(columns).map(([type, values]) => arrayOf(type, values));
  const { rows } = await client.query<Record<string, unknown>>(`select * from ${unnested(named)}`, params);
  return rows;
};

const read = async (type: string, values: readonly unknown[]): Promise<unknown[]> =>
  (await sent({ value: [type, values] })).map(({ value }) => value);

describe('A column of a bulk statement', () => {
  it('holds texts as they are, whatever would have to be escaped elsewhere', async () => {
    const texts = ['', 'plain', 'NULL', '"quoted", {braced}, back\\slash', "it's", 'Müller, ¾, 漢字, 🚚', ' \n\t '];
    expect(await read('text', texts)).toEqual(texts);
  });

  it('holds JSON of every kind, and null where there is no value', async () => {
    const values = [{ a: ['"', '\\', '🚚'] }, [], 'text', 0, false, null, undefined, { nested: { null: null } }];
    const expected = values.map((value) => value ?? null);
    expect(await read('json', values)).toEqual(expected);
    expect(await read('jsonb', values)).toEqual(expected);
  });

  it('holds what Postgres reads as a literal of its type', async () => {
    const moment = '2026-11-24T09:00:00.000Z';
    expect(await read('integer', [1, -2_147_483_648, null])).toEqual([1, -2_147_483_648, null]);
    expect(await read('bigint', ['9007199254740993', null])).toEqual(['9007199254740993', null]);
    expect(await read('boolean', [true, false, null])).toEqual([true, false, null]);
    expect(await read('timestamp with time zone', [moment, null])).toEqual([new Date(moment), null]);
  });

  it('stands beside others, row by row', async () => {
    const rows = await sent({ id: ['text', ['a', 'b']], n: ['integer', [1, 2]], state: ['json', [null, { x: 1 }]] });
    expect(rows).toEqual([
      { id: 'a', n: 1, state: null },
      { id: 'b', n: 2, state: { x: 1 } },
    ]);
  });

  it('may be empty, and may be larger than any before', async () => {
    expect(await read('text', [])).toEqual([]);
    const large = ['x'.repeat(3_000_000), '漢'.repeat(2_000_000), 'y'];
    expect(await read('text', large)).toEqual(large);
    expect(await read('text', ['small again'])).toEqual(['small again']);
  });

  it.each([
    ['text', 'nul \u0000', '22021'],
    ['jsonb', { nul: '\u0000' }, '22P05'],
    ['integer', 1.5, '22P02'],
    ['integer', 2_147_483_648, '22003'],
    ['timestamp with time zone', 'noon', '22007'],
  ])('lets Postgres refuse a %s that it cannot hold (%j)', async (type, value, code) => {
    await expect(read(type, [value])).rejects.toMatchObject({ code });
  });
});
