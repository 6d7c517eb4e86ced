import { register } from 'node:module';
import { DiagConsoleLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
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
      new ExpressInstrumentation(),
      new UndiciInstrumentation(),
    ],
  });
  sdk.start();
  const flush = (): void => void sdk.shutdown().catch(() => undefined);
  process.once('SIGTERM', flush);
  process.once('SIGINT', flush);
}
