export * from './config.js';
export { endTelemetry } from './end-telemetry.js';
export * from './logging.js';
export * from './measuring.js';
export { describeOpenApi, openApiOf } from './openapi.js';
export * from './problem.js';
export * from './run-service.js';
export * from './service.js';
export * from './start-service.js';
