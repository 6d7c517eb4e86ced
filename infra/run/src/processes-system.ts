import { createWriteStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KafkaTransport } from '@baton/messaging';
import type { ServiceName } from '@baton/service-kit';
import { startKafka } from './kafka.js';
import { superviseDatabases } from './databases.js';
import { databases, type Places } from './places.js';
import { freePort } from './processes-ports.js';
import { createSupervisor, startNode, type Supervisor } from './processes.js';
import { services } from './services.js';
import { peopleEnv, serviceEnv, type World, worldEnv } from './settings.js';
import type { Say, System } from './system.js';

const LOOK_AGAIN_MS = 50;

/** Path of a built program of a service's package. */
const programOf = (service: string, program = 'main.js'): string =>
  fileURLToPath(new URL(program, import.meta.resolve(`@baton/${service}`)));

/** What a test or a demonstration may want to be otherwise. */
export interface ProcessOptions {
  /** More processes of a service than one; each gets a free port, the first one the service's own. */
  readonly instances?: Readonly<Partial<Record<ServiceName, number>>>;
  /** Added to the environment of a process by its name, asked for at each of its starts. */
  readonly env?: (name: string) => Readonly<Record<string, string>>;
}

/** A system whose parts are processes, which a test may kill. */
export interface ProcessSystem extends System {
  /** Process id of a running part, such as `inventory`, `inventory-2`, `kafka`, `postgres`. */
  pid(name: string): number | undefined;
}

/**
 * Runs each service as a process of its own on real Kafka: the broker that KAFKA_BROKERS names, else one that is started
 * here. Whatever dies is started again.
 */
export const startProcesses = async (
  places: Places,
  world: World,
  say: Say,
  options: ProcessOptions = {},
): Promise<ProcessSystem> => {
  const supervisor = createSupervisor({ log: say });
  try {
    return await startWith(supervisor, places, world, say, options);
  } catch (error) {
    await supervisor.stopAll();
    throw error;
  }
};

const startWith = async (
  supervisor: Supervisor,
  places: Places,
  world: World,
  say: Say,
  { instances = {}, env: extra = () => ({}) }: ProcessOptions,
): Promise<ProcessSystem> => {
  const logs = createWriteStream(places.file('baton.log'), { flags: 'a' });
  const onLine = (line: string): void => void logs.write(`${line}\n`);

  const databaseUrl = await superviseDatabases(supervisor, places, databases, say);

  const kafkaBrokers = process.env.KAFKA_BROKERS ?? (await superviseKafka(supervisor, places, say));

  const run = (name: string, file: string, env: Readonly<Record<string, string>>, health?: string): Promise<unknown> =>
    supervisor.supervise({
      name,
      start: (signal) =>
        startNode({
          file,
          signal,
          nodeArgs: ['--import', import.meta.resolve('@baton/service-kit/otel')],
          env: { OTEL_SERVICE_NAME: `baton-${name}`, ...env, ...extra(name) },
          onLine,
          ...(health !== undefined && { ready: (ended) => answers(health, ended) }),
        }),
    });
  const simulated = worldEnv(places, world);
  const { ports } = places;
  const health = (port: number, path = '/health/ready'): string => `http://127.0.0.1:${port}${path}`;
  await Promise.all([
    run('mailbox', programOf('notification', 'mailbox/main.js'), simulated.mailbox, health(ports.mailbox, '/mails')),
    run('carriers', programOf('shipping', 'carrier-simulator/main.js'), simulated.carriers),
    // They wait for one another where they must, so that they may start side by side.
    ...services.flatMap(({ name }) => {
      const env = serviceEnv(name, places, databaseUrl, { ...peopleEnv(world), KAFKA_BROKERS: kafkaBrokers });
      const port = name === 'gateway' ? places.gatewayPort : ports[name];
      const path = name === 'gateway' ? '/health/live' : '/health/ready';
      const copies = Array.from({ length: (instances[name] ?? 1) - 1 }, async (_, index) => {
        const own = await freePort();
        return run(`${name}-${index + 2}`, programOf(name), { ...env, PORT: String(own) }, health(own, path));
      });
      return [run(name, programOf(name), env, health(port, path)), ...copies];
    }),
    run('staff', programOf('warehouse', 'staff/main.js'), simulated.staff),
  ]);
  const transport = await KafkaTransport.connect({ brokers: [kafkaBrokers], clientId: 'baton-run' });

  const stop = async (): Promise<void> => {
    await transport.close();
    await supervisor.stopAll();
    await new Promise<void>((resolve) => logs.end(resolve));
  };
  let stopping: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${places.gatewayPort}`,
    brokers: kafkaBrokers,
    databaseUrl,
    transport,
    gaveUp: supervisor.gaveUp,
    pid: (name) => supervisor.running(name)?.pid,
    stop: () => (stopping ??= stop()),
  };
};

/** Starts a Kafka that is kept running; its address. */
const superviseKafka = async (supervisor: Supervisor, places: Places, say: Say): Promise<string> => {
  let port: { readonly port?: number } = {};
  const kafka = await supervisor.supervise({
    name: 'kafka',
    start: () => startKafka({ dataDir: places.file('kafka'), log: say, ...port }),
  });
  // Who has connected looks for it there again.
  port = { port: kafka.port };
  return kafka.brokers;
};

/** Resolves when an address answers with success. */
const answers = async (url: string, ended: AbortSignal): Promise<void> => {
  while (!ended.aborted) {
    const ok = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await pause(LOOK_AGAIN_MS);
  }
};
