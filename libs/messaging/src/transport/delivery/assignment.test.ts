import { describe, expect, it } from 'vitest';
import { assignPartitions } from './assignment.js';
import { partitionName } from './partition-name.js';

const topics = ['orders', 'shipping'];
const member = (id: string, reads: readonly string[] = topics) => ({ id, topics: reads });
const four = new Map(topics.map((topic) => [topic, 4]));

describe('the assignment of partitions', () => {
  it('gives the same partition number of all topics to the same member, and each to one', () => {
    for (let count = 1; count <= 6; count++) {
      const members = Array.from({ length: count }, (_, index) => member(`member-${index}`));
      const assigned = assignPartitions(members, four);
      expect([...assigned.values()].flat().map(partitionName).toSorted()).toEqual(
        topics.flatMap((topic) => [0, 1, 2, 3].map((partition) => `${topic}/${partition}`)).toSorted(),
      );
      for (const held of assigned.values()) {
        const numbersOf = (topic: string) => held.filter((one) => one.topic === topic).map((one) => one.partition);
        expect(numbersOf('orders')).toEqual(numbersOf('shipping'));
        expect(numbersOf('orders').length).toBeLessThanOrEqual(Math.ceil(4 / count));
      }
    }
  });

  it('is the same in whatever order the members are seen', () => {
    const members = ['c', 'a', 'b'].map((id) => member(id));
    expect(assignPartitions(members, four)).toEqual(assignPartitions(members.toReversed(), four));
  });

  it('passes over a member that does not read a topic', () => {
    const assigned = assignPartitions([member('new'), member('old', ['orders'])], new Map([...four, ['unread', 2]]));
    expect(assigned.get('old')?.map(({ topic }) => topic)).toEqual(['orders', 'orders']);
    expect(assigned.get('new')?.filter(({ topic }) => topic === 'shipping')).toHaveLength(4);
    expect([...assigned.values()].flat().some(({ topic }) => topic === 'unread')).toBe(false);
  });
});
