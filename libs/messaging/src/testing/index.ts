export * from './eventually.js';
export * from './fresh-database.js';
export * from './memory-transport.js';
