import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { assignMembers } from './kafka-assigner.js';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

describe("the group leader's assignment", () => {
  it('is told to each member in the words of the consumer protocol', () => {
    const member = (memberId: string) => ({
      memberId,
      memberMetadata: MemberMetadata.encode({ version: 0, topics: ['a', 'b'], userData: Buffer.alloc(0) }),
    });
    const partitions = new Map([
      ['a', 3],
      ['b', 3],
    ]);
    const assigned = assignMembers([member('two'), member('one')], partitions).map(
      ({ memberId, memberAssignment }) => [memberId, MemberAssignment.decode(memberAssignment)?.assignment] as const,
    );
    expect(new Map(assigned)).toEqual(
      new Map([
        ['one', { a: [0, 2], b: [0, 2] }],
        ['two', { a: [1], b: [1] }],
      ]),
    );
  });
});
