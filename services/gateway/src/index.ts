export { gateway } from './gateway.module.js';
export { mergeOpenApi, type OpenApi } from './openapi.js';
export { routes } from './routes.js';
