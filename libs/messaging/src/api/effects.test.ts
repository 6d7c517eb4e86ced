import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { defineEffect } from './effects.js';

const Greet = defineEffect<{ readonly orderId: string }, null, { readonly name: string }>('Greet');

test('what is at hand for an effect is seen by its performer alone, until it is dropped', () => {
  const draft = Greet({ orderId: 'A-1' }, 'A-1/greet', { name: 'Ada Secret' });
  expect(draft.atHand?.reading).toEqual({ name: 'Ada Secret' });
  expect(JSON.stringify(draft)).not.toContain('Ada');
  expect(inspect(draft, { depth: null, showHidden: true })).not.toContain('Ada');
  expect(Object.keys(draft.atHand ?? {})).toEqual([]);
  draft.atHand?.drop();
  expect(draft.atHand?.reading).toBeUndefined();
  expect(Greet({ orderId: 'A-1' }, 'A-1/greet').atHand).toBeUndefined();
});
