export { gateway, GatewayModule } from './gateway.module.js';
export { type Route, routes, upstreamSettings } from './routes.js';
