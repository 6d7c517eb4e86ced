import { describe, expect, it } from 'vitest';
import { assignPartitions } from '../transport/delivery/assignment.js';
import { partitionOf } from '../transport/delivery/partitioner.js';
import type { TopicPartition } from '../transport/port.js';
import { isOwnKey } from './own-keys.js';

const keys = Array.from({ length: 60 }, (_, index) => `order-${index}`);
const alike = { fulfilment: 4, orders: 4, shipping: 4 };
const unlike = { fulfilment: 4, orders: 6, 'orders-intake': 5, shipping: 6 };

/** Members by how many there are, each with what it holds and the keys that it takes for its own. */
const group = (topics: Readonly<Record<string, number>>, reads: readonly (readonly string[])[]) => {
  const members = reads.map((each, index) => ({ id: `member-${index}`, topics: each }));
  const counts = new Map(Object.entries(topics));
  return [...assignPartitions(members, counts).values()].map((assigned, index) => {
    // They come in any order.
    const held = index % 2 === 0 ? assigned : assigned.toReversed();
    // It knows of those topics alone that it was assigned something of.
    const known = new Map(held.map(({ topic }) => [topic, counts.get(topic) ?? 0]));
    return { held, isOwn: isOwnKey(held, known) };
  });
};
const holds = (held: readonly TopicPartition[], topic: string, partition: number): boolean =>
  held.some((one) => one.topic === topic && one.partition === partition);

describe.each([1, 2, 3, 4, 5, 7])('the keys of a group of %i', (size) => {
  it.each([alike, unlike])('are each the own ones of one member', (topics) => {
    const members = group(topics, Array(size).fill(Object.keys(topics)));
    for (const key of keys) expect(members.filter(({ isOwn }) => isOwn(key))).toHaveLength(1);
  });

  it('are heard of by whoever owns them, whatever the topic', () => {
    for (const { held, isOwn } of group(alike, Array(size).fill(Object.keys(alike)))) {
      for (const key of keys.filter(isOwn)) {
        for (const topic of Object.keys(alike)) expect(holds(held, topic, partitionOf(key, 4))).toBe(true);
      }
    }
  });

  it('are all owned while an older version, which reads other topics, is among the members', () => {
    for (const topics of [alike, unlike]) {
      for (const older of [['shipping'], ['fulfilment'], ['orders', 'shipping']]) {
        const members = group(topics, [older, ...Array(size).fill(Object.keys(topics)), ['orders']]);
        for (const key of keys) expect(members.some(({ isOwn }) => isOwn(key))).toBe(true);
      }
    }
  });
});

it('who holds nothing owns no key', () => {
  expect(keys.some(isOwnKey([], new Map()))).toBe(false);
});
