export type { ChangedLevel, ImportedStock, StockView } from './api.js';
export * from './commands.js';
export * from './domain/reservation.js';
export * from './inventory.module.js';
export * from './reactions.js';
export * from './store/reads.js';
export * from './store/reservations.js';
export * from './store/stock.js';
