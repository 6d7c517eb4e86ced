export * from './client/baton-client.js';
export * from './client/errors.js';
export * from './client/kpi-views.js';
export * from './client/saga-views.js';
export * from './client/views.js';
export * from './sample/superstore.js';
