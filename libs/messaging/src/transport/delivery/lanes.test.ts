import { describe, expect, it } from 'vitest';
import { defaultLimits } from './lane.js';
import { beginning, Lanes } from './lanes.js';
import { silent } from './logger.js';

const begin = { topic: 't', partition: 0, offset: 0n };
const one = { ...begin, timestamp: 0, key: 'k', headers: {}, value: Buffer.of(1) };

describe('the lanes of a member', () => {
  const lanesWith = (onRecords: () => Promise<void>): Lanes =>
    new Lanes(
      { group: 'g', topics: ['t'], onAssigned: async () => [], onRevoked: () => {}, onRecords },
      defaultLimits,
      silent,
      () => {},
    );
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('stop only after the calls under way, also those of partitions that were taken away', async () => {
    const open = Promise.withResolvers<void>();
    const lanes = lanesWith(() => open.promise);
    lanes.open(begin).push([one]);
    lanes.open({ ...begin, partition: 1 }).push([{ ...one, partition: 1 }]);
    await turn();
    lanes.close([begin]);
    let stopped = false;
    const stopping = lanes.stop().then(() => {
      stopped = true;
    });
    await turn();
    expect(stopped).toBe(false);
    open.resolve();
    await stopping;
  });

  it('deliver a partition that comes back only after the call from before has settled', async () => {
    const calls: PromiseWithResolvers<void>[] = [];
    const lanes = lanesWith(() => {
      const call = Promise.withResolvers<void>();
      calls.push(call);
      return call.promise;
    });
    lanes.open(begin).push([one]);
    await turn();
    lanes.close([begin]);
    lanes.open(begin).push([one]);
    await turn();
    expect(calls).toHaveLength(1);
    calls[0]?.resolve();
    await turn();
    expect(calls).toHaveLength(2);
  });
});

describe('where delivery begins', () => {
  const state = { topic: 't', partition: 0, first: 5n, end: 9n, committed: 7n, partitions: 4 };
  it.each([
    ['the answered offset', 6n, 6n],
    ['the committed one without an answer', undefined, 7n],
    ['the end, if so answered', 9n, 9n],
    ['the beginning for what is past retention', 3n, 5n],
    ['the beginning for what does not exist yet', 10n, 5n],
  ])('is %s', (_, answered, expected) => {
    expect(beginning(state, answered)).toBe(expected);
  });
  it('is the beginning for a new group', () => {
    expect(beginning({ ...state, committed: undefined }, undefined)).toBe(5n);
  });
});
