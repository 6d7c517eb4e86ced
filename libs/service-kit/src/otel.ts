import { register } from 'node:module';
import { DiagConsoleLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { ExpressInstrumentation, ExpressLayerType } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK } from '@opentelemetry/sdk-node';

/**
 * Loaded before everything else (`node --import @baton/service-kit/otel main.js`). Exporters, sampler and service name
 * come from the standard OTEL_* variables; with none of them set, telemetry is off and costs nothing.
 */
const isOn = Object.keys(process.env).some((name) => /^OTEL_(EXPORTER_|TRACES_EXPORTER|METRICS_EXPORTER)/.test(name));

if (isOn && process.env.OTEL_SDK_DISABLED !== 'true') {
  diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);
  register('import-in-the-middle/hook.mjs', import.meta.url);
  const quiet = ({ url = '' }: { url?: string | undefined }) => url.startsWith('/health');
  const sdk = new NodeSDK({
    instrumentations: [
      new HttpInstrumentation({ ignoreIncomingRequestHook: quiet }),
      // The route's name is what it adds; a span for each middleware would bury the others.
      new ExpressInstrumentation({ ignoreLayersType: [ExpressLayerType.MIDDLEWARE, ExpressLayerType.ROUTER] }),
      new UndiciInstrumentation(),
    ],
  });
  sdk.start();
  const flush = (): void => void sdk.shutdown().catch(() => undefined);
  process.once('SIGTERM', flush);
  process.once('SIGINT', flush);
}
