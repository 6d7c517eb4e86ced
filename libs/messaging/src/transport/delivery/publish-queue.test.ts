import { describe, expect, it } from 'vitest';
import type { OutgoingRecord } from '../port.js';
import { PublishQueue } from './publish-queue.js';

const record = (key: string, bytes = 1): OutgoingRecord => ({
  topic: 't',
  key,
  headers: {},
  value: Buffer.alloc(bytes),
});

describe('the publish queue', () => {
  const recording = (fails: (keys: readonly string[]) => Error | undefined = () => undefined, maxBytes?: number) => {
    const writes: string[][] = [];
    const queue = new PublishQueue(
      async (records) => {
        const keys = records.map(({ key }) => key);
        writes.push(keys);
        await new Promise((resolve) => setImmediate(resolve));
        const error = fails(keys);
        if (error !== undefined) throw error;
      },
      (error) => error instanceof RangeError,
      maxBytes,
    );
    return { queue, writes };
  };

  it('writes one request at a time, in the order of the calls, and what waits goes together', async () => {
    const { queue, writes } = recording();
    const first = queue.publish([record('a'), record('b')]);
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, queue.publish([record('c')]), queue.publish([record('d')])]);
    expect(writes).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('merges no more than fits', async () => {
    const { queue, writes } = recording(undefined, 1_000);
    await Promise.all([record('a', 600), record('b', 600), record('c', 5_000)].map((one) => queue.publish([one])));
    expect(writes).toEqual([['a'], ['b'], ['c']]);
  });

  it('rejects only the call whose records were refused', async () => {
    const { queue, writes } = recording((keys) => (keys.includes('bad') ? new RangeError('too large') : undefined));
    const results = await Promise.allSettled(['a', 'bad', 'b'].map((key) => queue.publish([record(key)])));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(writes).toEqual([['a', 'bad', 'b'], ['a'], ['bad'], ['b']]);
  });

  it('rejects every call of a request that may not have been written, and goes on', async () => {
    let away = true;
    const { queue } = recording(() => (away ? new Error('away') : undefined));
    const results = await Promise.allSettled(['a', 'b'].map((key) => queue.publish([record(key)])));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    away = false;
    await queue.publish([record('a')]);
    await queue.idle();
  });
});
