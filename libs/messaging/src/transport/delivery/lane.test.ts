import { describe, expect, it, vi } from 'vitest';
import type { IncomingRecord } from '../port.js';
import { Lane, type LaneHooks, type LaneLimits } from './lane.js';

const records = (from: number, to: number, bytes = 10): readonly IncomingRecord[] =>
  Array.from({ length: to - from }, (_, index) => ({
    topic: 't',
    partition: 0,
    offset: BigInt(from + index),
    timestamp: 0,
    key: 'k',
    headers: {},
    value: Buffer.alloc(bytes),
  }));

const limits: LaneLimits = { maxWaiting: 10, maxWaitingBytes: 100_000, maxPerCall: 4, retryMs: [5, 20] };

function laneWith(deliver: LaneHooks['deliver'], before: Promise<void> = Promise.resolve()) {
  const hooks = { deliver, passed: vi.fn(), room: vi.fn(), rejected: vi.fn() };
  return { hooks, lane: new Lane({ topic: 't', partition: 0, offset: 0n }, hooks, limits, before) };
}

describe('a lane', () => {
  it('is full at its limit of records or of bytes, and says when there is room again', async () => {
    const open = Promise.withResolvers<void>();
    const { hooks, lane } = laneWith(() => open.promise);
    lane.push(records(0, 9));
    expect(lane.full).toBe(false);
    lane.push(records(9, 12));
    expect(lane.full).toBe(true);
    expect(hooks.room).not.toHaveBeenCalled();
    open.resolve();
    await vi.waitUntil(() => lane.next === 12n);
    expect(lane.full).toBe(false);
    expect(hooks.room).toHaveBeenCalledTimes(1);

    const large = laneWith(() => new Promise(() => {}));
    large.lane.push(records(0, 2, 60_000));
    expect(large.lane.full).toBe(true);
  });

  it('is full of what a transport says that its records take, whatever their bodies', () => {
    const { lane } = laneWith(() => new Promise(() => {}));
    lane.push(records(0, 2).map((record) => ({ ...record, bytes: 60_000 })));
    expect(lane.full).toBe(true);
  });

  it('leaves out what it has seen, and moves over a gap', async () => {
    const seen: bigint[] = [];
    const { lane } = laneWith(async (given) => void seen.push(...given.map(({ offset }) => offset)));
    lane.push(records(0, 5));
    lane.push(records(3, 7));
    lane.push(records(20, 21));
    await vi.waitUntil(() => lane.next === 21n);
    expect(seen).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n, 20n]);
    lane.push([], 30n);
    expect([lane.tail, lane.next]).toEqual([30n, 30n]);
  });

  it('says how far it has come where that is further than its last record, once that is settled', async () => {
    const open = Promise.withResolvers<void>();
    const { hooks, lane } = laneWith(() => open.promise);
    lane.push(records(0, 2), 2n);
    lane.push(records(2, 3), 5n);
    lane.push([], 7n);
    expect(hooks.passed).not.toHaveBeenCalled();
    open.resolve();
    await vi.waitUntil(() => lane.next === 7n);
    lane.push([], 7n);
    lane.push([], 9n);
    expect(lane.next).toBe(9n);
    expect(hooks.passed).toHaveBeenCalledTimes(2);
  });

  it('waits for what an earlier lane of the partition has under way', async () => {
    const before = Promise.withResolvers<void>();
    const deliver = vi.fn(async () => {});
    const { lane } = laneWith(deliver, before.promise);
    lane.push(records(0, 3));
    await new Promise((resolve) => setImmediate(resolve));
    expect(deliver).not.toHaveBeenCalled();
    before.resolve();
    await vi.waitUntil(() => lane.next === 3n);
  });

  it('forgets what is under way when it seeks', async () => {
    const open = Promise.withResolvers<void>();
    const seen: bigint[] = [];
    const { lane } = laneWith(async (given) => {
      seen.push(...given.map(({ offset }) => offset));
      await open.promise;
    });
    lane.push(records(0, 4));
    await vi.waitUntil(() => seen.length === 4);
    lane.seek(2n);
    lane.push(records(2, 5));
    open.resolve();
    await vi.waitUntil(() => lane.next === 5n);
    expect(seen).toEqual([0n, 1n, 2n, 3n, 2n, 3n, 4n]);
  });

  it('does not wait for the end of a pause when it seeks', async () => {
    const deliver = vi.fn((): Promise<void> => Promise.reject(new Error('not now')));
    const hooks = { deliver, passed: vi.fn(), room: vi.fn(), rejected: vi.fn() };
    const lane = new Lane(
      { topic: 't', partition: 0, offset: 0n },
      hooks,
      { ...limits, retryMs: [3_600_000, 3_600_000] },
      Promise.resolve(),
    );
    lane.push(records(0, 3));
    await vi.waitUntil(() => hooks.rejected.mock.calls.length === 1);
    deliver.mockResolvedValue();
    lane.seek(1n);
    lane.push(records(1, 3));
    await vi.waitUntil(() => lane.next === 3n);
  });

  it('delivers nothing after it was closed, also not what was rejected', async () => {
    const deliver = vi.fn(() => Promise.reject(new Error('not now')));
    const { hooks, lane } = laneWith(deliver);
    lane.push(records(0, 3));
    await vi.waitUntil(() => deliver.mock.calls.length >= 2);
    lane.close();
    await lane.settled();
    const calls = deliver.mock.calls.length;
    lane.push(records(3, 6));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(deliver).toHaveBeenCalledTimes(calls);
    expect(hooks.rejected).toHaveBeenCalledTimes(calls);
  });
});
