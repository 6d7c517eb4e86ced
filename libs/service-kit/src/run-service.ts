import { ConfigError } from './config.js';
import { endTelemetry } from './end-telemetry.js';
import type { ServiceDefinition } from './service.js';
import { startService } from './start-service.js';

/** Exit codes of a service: stopped as asked, failed, or not started because a setting does not fit. */
const EXIT = { stopped: 0, failed: 1, misconfigured: 2 } as const;
/** After this long a stop that does not end by itself is cut short, milliseconds. */
const STOP_DEADLINE_MS = 25_000;

/**
 * Runs a service as this process: starts it, stops it on SIGINT and SIGTERM (a second signal ends it at once), and, when
 * it was started with an IPC channel, also when its parent is gone.
 */
export const runService = async (definition: ServiceDefinition): Promise<void> => {
  let stop = (): Promise<void> => Promise.resolve();
  const asked = new AbortController();
  const onSignal = (): void => {
    if (asked.signal.aborted) process.exit(EXIT.failed);
    asked.abort();
    setTimeout(() => process.exit(EXIT.failed), STOP_DEADLINE_MS).unref();
    const end = async (code: number): Promise<void> => {
      await endTelemetry();
      process.exit(code);
    };
    const stopped = (): Promise<void> =>
      stop().then(
        () => end(EXIT.stopped),
        () => end(EXIT.failed),
      );
    // A start that fails is told below.
    void starting.then(stopped).catch(() => {});
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  if (process.channel) {
    process.on('disconnect', onSignal);
    process.channel.unref();
  }
  const starting = startService(definition, { signal: asked.signal }).then((service) => {
    stop = () => service.stop();
    process.send?.({ type: 'ready', name: service.name, url: service.url });
  });
  try {
    await starting;
  } catch (error) {
    // It was waiting for what it needs, and there is nothing to stop.
    if (asked.signal.aborted) process.exit(EXIT.stopped);
    if (error instanceof ConfigError) {
      process.stderr.write(`${definition.name}: ${error.message}\n`);
      process.exit(EXIT.misconfigured);
    }
    process.stderr.write(
      `${definition.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(EXIT.failed);
  }
};
