export { assignPartitions, type GroupMember } from './delivery/assignment.js';
export type { LaneLimits } from './delivery/lane.js';
export type { TransportLogger } from './delivery/logger.js';
export { murmur2, partitionOf } from './delivery/partitioner.js';
export type { KafkaOptions } from './kafka/kafka-options.js';
export { KafkaTransport } from './kafka/kafka-transport.js';
export type { LocalOptions } from './local/local-options.js';
export { LocalTransport } from './local/local-transport.js';
