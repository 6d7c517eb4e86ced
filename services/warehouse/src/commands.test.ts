import { describe, expect, it } from 'vitest';
import { bodies } from './commands.js';

const refuses = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown): void =>
  expect(schema.safeParse(value).success, JSON.stringify(value)).toBe(false);

describe('bad input from people', () => {
  it.each([0, -1, 1.5, 1e9, '3', null])('refuses %s as a picked quantity', (quantity) => {
    refuses(bodies.pick, { lineId: 'l1', quantity });
    refuses(bodies.pick, { picks: [{ lineId: 'l1', quantity }] });
  });

  it.each([-1, 1.5, 1e9, '0', undefined])('refuses %s as what a short shelf held', (picked) => {
    refuses(bodies.short, { lineId: 'l1', picked });
  });

  it.each([0, -1, 1.5, 1e9])('refuses %s parcels', (parcels) => refuses(bodies.pack, { parcels }));

  it('refuses workers and lines that are no identifiers, unknown fields, and nothing at all', () => {
    for (const worker of ['', ' ann', "x'; drop table pick_lists; --", 'a\u0000b', '🙂', 7])
      refuses(bodies.claim, { worker });
    refuses(bodies.pick, { lineId: 'l 1', quantity: 1 });
    refuses(bodies.pick, { lineId: 'l1', quantity: 1, sku: 'TEA' });
    refuses(bodies.pick, { picks: [] });
    for (const schema of Object.values(bodies))
      for (const value of [undefined, null, [], 'x', {}]) refuses(schema, value);
  });

  it('takes one pick or several', () => {
    expect(bodies.pick.parse({ lineId: 'l1', quantity: 1, worker: 'ann' })).toEqual({
      lineId: 'l1',
      quantity: 1,
      worker: 'ann',
    });
    expect(bodies.pick.parse({ picks: [{ lineId: 'l1', quantity: 1 }] })).toEqual({
      picks: [{ lineId: 'l1', quantity: 1 }],
    });
  });
});
