export { gateway, GatewayModule } from './gateway.module.js';
export { mergeOpenApi, type OpenApi } from './openapi.js';
export { type Route, routes, upstreams, upstreamSettings } from './routes.js';
