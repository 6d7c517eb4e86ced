import './telemetry.js';
import { AuditFailed } from './audit.js';
import { bench } from './bench.js';
import { parseOptions, USAGE, UsageError } from './options.js';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** An interrupt ends what was started, by the hook on `exit`; a second one, of a parent that hands it on, must not cut that short. */
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(name, () => process.exit(code));
}

if (process.argv.includes('--help')) {
  say(USAGE);
  process.exit(0);
}
try {
  await bench(parseOptions(process.argv.slice(2)), (line) => process.stdout.write(`${JSON.stringify(line)}\n`), say);
  process.exit(0);
} catch (error) {
  if (error instanceof UsageError) {
    say(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
  say(error instanceof AuditFailed ? error.message : String((error as Error).stack ?? error));
  process.exit(1);
}
