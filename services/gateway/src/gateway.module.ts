import { CONFIG, defineService } from '@baton/service-kit';
import { type HttpServer, Module } from '@nestjs/common';
import { GatewayApi } from './api.js';
import { type GatewayConfig, gatewayConfig } from './config.js';
import { pathAlone, refuseCrossSite } from './incoming.js';
import { openApiOfAll } from './openapi.js';
import { proxies } from './proxy.js';
import { Services } from './services.js';

@Module({
  controllers: [GatewayApi],
  providers: [Services],
})
export class GatewayModule {}

/** The one HTTP origin: passes requests on to the services. */
export const gateway = defineService({
  name: 'gateway',
  doc: 'The one HTTP address for all services.',
  module: GatewayModule,
  entities: [],
  migrations: [],
  config: gatewayConfig,
  bodyLimit: false,
  prepare: (app) => {
    app.use(pathAlone, refuseCrossSite);
    // In the place of the document about the gateway alone.
    const server: HttpServer = app.getHttpAdapter();
    server.get('/openapi.json', openApiOfAll(app.get(Services)));
    app.use(proxies(app.get<GatewayConfig>(CONFIG)));
  },
});
