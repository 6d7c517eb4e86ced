export * from './commands.js';
export * from './domain/pick-list.js';
export * from './reactions.js';
export { staffSettings } from './staff/settings.js';
export * from './staff/staff.js';
export * from './store/pick-list.entity.js';
export * from './warehouse.module.js';
