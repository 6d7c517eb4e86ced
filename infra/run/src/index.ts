export { Auditor, balances, type Books, type Progress } from './books.js';
export { startEmbedded } from './embedded.js';
export { type Kafka, startKafka } from './kafka.js';
export { databaseName, databases, type Places, settle } from './places.js';
export { createDatabases, type Postgres, startPostgres } from './postgres.js';
export { type ProcessSystem, startProcesses } from './processes-system.js';
export { loadCatalogue, nextOrders, publishOrders } from './sample.js';
export type { World } from './settings.js';
export type { System } from './system.js';
