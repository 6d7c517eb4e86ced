import kafkajs, { type GroupMember, type GroupMemberAssignment, type PartitionAssigner } from 'kafkajs';
import { assignPartitions } from '../delivery/assignment.js';

const { AssignerProtocol } = kafkajs;
const VERSION = 0;
const NAME = 'baton-co-partitioned';

/**
 * Answers what the group's leader sends to the coordinator. Members and topics as kafkajs hands them over.
 * @param partitions number of partitions by topic
 */
export function assignMembers(
  members: readonly GroupMember[],
  partitions: ReadonlyMap<string, number>,
): GroupMemberAssignment[] {
  const group = members.map(({ memberId, memberMetadata }) => ({
    id: memberId,
    topics: AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [],
  }));
  return [...assignPartitions(group, partitions)].map(([memberId, assigned]) => {
    const assignment: Record<string, number[]> = {};
    for (const { topic, partition } of assigned) (assignment[topic] ??= []).push(partition);
    return {
      memberId,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({
        version: VERSION,
        assignment,
        userData: Buffer.alloc(0),
      }),
    };
  });
}

/** In place of kafkajs' round robin, which deals the partitions of all topics out as one list. */
export const coPartitionedAssigner: PartitionAssigner = ({ cluster }) => ({
  name: NAME,
  version: VERSION,
  assign: async ({ members, topics }) =>
    assignMembers(members, new Map(topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]))),
  protocol: ({ topics }) => ({
    name: NAME,
    metadata: AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.alloc(0) }),
  }),
});
