// Telemetry first: it has to see the other modules being loaded.
import '@baton/service-kit/otel';

const { run } = await import('./cli.js');
await run(process.argv.slice(2)).catch((error: unknown) => {
  if (process.exitCode !== undefined) return;
  if (error instanceof Error && error.name === 'AbortError') return;
  process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
