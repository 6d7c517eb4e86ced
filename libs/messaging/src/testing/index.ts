export * from './eventually.js';
export * from './fresh-database.js';
export * from './house.js';
export * from './memory-transport.js';
export * from './random.js';
export { PortCable } from '../transport/testing/cable.js';
