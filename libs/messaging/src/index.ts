export * from './api/commands.js';
export * from './api/effects.js';
export * from './api/moment.js';
export * from './api/needs.js';
export * from './api/outcome.js';
export * from './api/reactions.js';
export * from './api/stores.js';
export * from './store/state.entity.js';
export { patiently } from './transport/delivery/backoff.js';
export * from './transport/index.js';
export * from './transport/port.js';
export * from './pipeline/pipeline.js';
export { messagingMigrations } from './migrations/index.js';
export { Housekeeper } from './retention/housekeeper.js';
export { retentionInstruments } from './retention/metrics.js';
export * from './retention/plan.js';
export * from './retention/schema.js';
export { arraysOf, type BulkColumn, bulkInsert } from './state/bulk.js';
export * from './nest/performers.js';
export * from './nest/plain-reactions.js';
export * from './nest/reaction-server.js';
export * from './pipeline/dead-letters.js';
export type { Gathering } from './pipeline/gathering.js';
export * from './pipeline/log.js';
export { Poller, rest } from './pipeline/patience.js';
export { MessageParked } from './pipeline/reactions.js';
export { type PipelineHealth, type PipelineOptions, PipelineRuntime } from './pipeline/runtime.js';
export {
  type InstrumentDeclaration,
  instrumentOptions,
  instruments,
  messageOutcomes,
} from './telemetry/instruments.js';
export { type TraceName, traceOfText } from './telemetry/trace-text.js';
export { activeHeaders } from './telemetry/tracing.js';
export { type Decoded, decode, describeIssues, encode } from './wire/cloud-events.js';
