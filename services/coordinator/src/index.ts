export { coordinator } from './coordinator.module.js';
export { DeadlineDue, SkipStep } from './commands.js';
export { dueSagas } from './deadlines.js';
export { Definitions, sagaPlans } from './definitions/index.js';
export type { HistoryRecord, IncidentRecord, SagaRecord } from './domain/records.js';
export { KpiRollup } from './kpis/rollup.js';
export { ENDED as KPI_ENDED } from './kpis/rollup-store.js';
export { CoordinatorReactions } from './reactions.js';
export { History, Incidents, Sagas } from './store/sagas.js';
