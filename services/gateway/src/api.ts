import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { mergeOpenApi, operationsOf } from './openapi.js';
import { docsPage, indexPage } from './pages.js';
import { type Route, routes } from './routes.js';
import { type Health, Services } from './services.js';

/** The part of a response that handlers here set. */
interface Answer {
  status(code: number): unknown;
  setHeader(name: string, value: string): unknown;
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

const asPage = (response: Answer, page: string): string => {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.setHeader('content-security-policy', POLICY);
  return page;
};

/** What the gateway itself says. */
@ApiExcludeController()
@Controller()
export class GatewayApi {
  constructor(@Inject(Services) private readonly services: Services) {}

  @Get()
  index(@Headers('accept') accept: string | undefined, @Res({ passthrough: true }) response: Answer): unknown {
    const present = routes.filter(({ upstream }) => this.services.present.includes(upstream));
    response.setHeader('vary', 'accept');
    if (accept?.includes('text/html')) return asPage(response, indexPage(present));
    const parts = present.map(({ prefix: path, upstream: service, doc }: Route) => ({ path, service, doc }));
    return { name: 'baton', docs: '/docs', openapi: '/openapi.json', health: '/health', parts };
  }

  @Get('health')
  async health(@Res({ passthrough: true }) response: Answer): Promise<Health> {
    const health = await this.services.health();
    response.status(health.status === 'up' ? 200 : 503);
    return health;
  }

  @Get('docs')
  async docs(@Res({ passthrough: true }) response: Answer): Promise<string> {
    return asPage(response, docsPage(operationsOf(mergeOpenApi(await this.services.documents()))));
  }
}
