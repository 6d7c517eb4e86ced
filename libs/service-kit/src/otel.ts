import type { RequestOptions } from 'node:http';
import { register } from 'node:module';
import { type Attributes, DiagConsoleLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { ExpressInstrumentation, ExpressLayerType } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { onTelemetryEnd } from './end-telemetry.js';

/**
 * Loaded before everything else (`node --import @baton/service-kit/otel main.js`). Exporters, sampler and service name
 * come from the standard OTEL_* variables; with none of them set, telemetry is off and costs nothing.
 */
const isOn = Object.keys(process.env).some((name) => /^OTEL_(EXPORTER_|TRACES_EXPORTER|METRICS_EXPORTER)/.test(name));

/** A unit of work is linked to the trace of each of its messages; the SDK would keep the last 128 links. */
const MOST_LINKS = 8_000;

/**
 * A request's query and headers may name a person or hold a secret: as in the logs, of a request only method, path and
 * status are told.
 */
const ofAsker: Attributes = {
  'url.query': undefined,
  'client.address': undefined,
  'network.peer.address': undefined,
  'user_agent.original': undefined,
};
const withoutQuery = (origin: string, path: string): Attributes => ({
  'url.full': `${origin}${path.split('?', 1)[0]}`,
  'url.query': undefined,
  'user_agent.original': undefined,
});
const originOf = ({ protocol, hostname, host, port }: RequestOptions): string =>
  `${protocol ?? 'http:'}//${hostname ?? host ?? 'localhost'}${port ? `:${port}` : ''}`;

if (isOn && process.env.OTEL_SDK_DISABLED !== 'true') {
  diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);
  register('import-in-the-middle/hook.mjs', import.meta.url);
  const quiet = ({ url = '' }: { url?: string | undefined }) => url.startsWith('/health');
  const sdk = new NodeSDK({
    spanLimits: { linkCountLimit: MOST_LINKS },
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: quiet,
        startIncomingSpanHook: () => ofAsker,
        startOutgoingSpanHook: (request) => withoutQuery(originOf(request), request.path ?? '/'),
      }),
      // The route's name is what it adds; a span for each middleware would bury the others.
      new ExpressInstrumentation({ ignoreLayersType: [ExpressLayerType.MIDDLEWARE, ExpressLayerType.ROUTER] }),
      new UndiciInstrumentation({ startSpanHook: ({ origin, path }) => withoutQuery(origin, path) }),
    ],
  });
  sdk.start();
  onTelemetryEnd(() => sdk.shutdown());
}
