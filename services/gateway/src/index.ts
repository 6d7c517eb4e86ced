export { gateway } from './gateway.module.js';
export { mergeOpenApi, type OpenApi } from './openapi.js';
export { routes, upstreams, upstreamSettings } from './routes.js';
