import { describe, expect, it } from 'vitest';
import { pack, unpack } from './packing.js';

describe('Packed values', () => {
  it.each([0, 1, 200, 243, 244, 245, 246, 500, 985, 986, 987, 5_000, 100_000])(
    'are read as they were written, with a text of %i characters',
    async (length) => {
      const values = [{ text: 'x'.repeat(length) }, 'ü, 漢字, 🚚', null, 7];
      expect(await unpack(await pack(values))).toEqual(values);
    },
  );

  it('take fewer bytes once there are many of them', async () => {
    const values = Array.from({ length: 100 }, (_, n) => ({ topic: 'orders', key: `order-${n}`, value: '{"n":1}' }));
    expect((await pack(values)).length).toBeLessThan(JSON.stringify(values).length / 3);
  });

  it('take hardly more bytes than their text when there are few', async () => {
    for (const values of [[], [{ topic: 'orders', value: 'x'.repeat(400) }]]) {
      expect((await pack(values)).length).toBeLessThanOrEqual(JSON.stringify(values).length + 10);
    }
  });
});
