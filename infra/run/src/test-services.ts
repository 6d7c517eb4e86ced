import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startKafka } from './kafka.js';
import { startPostgres } from './postgres.js';
import { endProcess, gone, identityOf, processesOf, type Running, signal } from './processes-identity.js';

const FOLDER = fileURLToPath(new URL('../../../.baton/tests', import.meta.url));

/**
 * vitest's global setup: one real Postgres and one real Kafka for all test files, told to the workers as
 * BATON_TEST_POSTGRES (address of a superuser, database postgres) and BATON_TEST_KAFKA (host:port). Those already in the
 * environment are used and left alone; BATON_TEST_SERVICES=0 starts nothing, for tests that need neither.
 */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env['BATON_TEST_SERVICES'] === '0') return async () => {};
  const folder = join(FOLDER, String(process.pid));
  const log = (line: string): void => console.error(`[test services] ${line}`);
  await sweep(log);
  mkdirSync(folder, { recursive: true });

  // An interrupted vitest ends without its teardowns. Nothing here is worth a graceful stop: the data goes too.
  const abandon = (): void => {
    for (const pid of [...processesOf('postgres', folder), ...processesOf('java', folder)]) signal(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', abandon);
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(name, () => process.exit(code));
  }

  const running: Running[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((service) => service.stop()));
    process.off('exit', abandon);
    rmSync(folder, { recursive: true, force: true });
  };
  const start = async <Service extends Running>(starting: Promise<Service>): Promise<Service> => {
    const service = await starting;
    running.push(service);
    return service;
  };
  const { BATON_TEST_POSTGRES, BATON_TEST_KAFKA } = process.env;
  const started = await Promise.allSettled([
    BATON_TEST_POSTGRES ??
      start(startPostgres({ dataDir: join(folder, 'postgres'), log })).then((postgres) => postgres.url('postgres')),
    BATON_TEST_KAFKA ?? start(startKafka({ dataDir: join(folder, 'kafka'), log })).then((kafka) => kafka.brokers),
  ]);
  const [postgres, kafka] = started;
  if (postgres.status === 'rejected' || kafka.status === 'rejected') {
    await stop();
    throw started.find((result) => result.status === 'rejected')?.reason;
  }
  process.env['BATON_TEST_POSTGRES'] = postgres.value;
  process.env['BATON_TEST_KAFKA'] = kafka.value;
  return stop;
}

/** Ends and removes what test runs that were killed have left; each run's folder is named by its pid. */
async function sweep(log: (line: string) => void): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const run of readdirSync(FOLDER)) {
    if (identityOf(Number(run)) !== undefined) continue;
    const folder = join(FOLDER, run);
    log(`removing what the killed test run ${run} left`);
    for (const pid of [...processesOf('postgres', folder), ...processesOf('java', folder)]) {
      await endProcess(pid, gone(pid), [['SIGKILL', 10_000]]);
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
