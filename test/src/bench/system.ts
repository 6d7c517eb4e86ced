import { createWriteStream, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { topicDeclarations } from '@baton/contracts';
import { KafkaTransport, LocalTransport, type Transport } from '@baton/messaging';
import { createDatabases, databaseName, databases, processesOf, startKafka, startPostgres } from '@baton/run';
import { hostInOne, hostInEach, type Host } from './hosts.js';
import type { BenchOptions } from './options.js';

const FOLDER = fileURLToPath(new URL('../../../.baton/bench', import.meta.url));

/** Everything that is measured, running. */
export interface BenchSystem {
  /** Where Postgres and Kafka keep their data; on the disk whose fsync counts. */
  readonly folder: string;
  readonly databaseUrl: (database: string) => string;
  readonly postgresPid: number;
  /** Absent without a broker. */
  readonly kafkaPid: number | undefined;
  readonly host: Host;
  /** A connection for the shop. Its owner closes it. */
  connect(): Promise<Transport>;
  /** The end of what the services have logged. */
  lastWords(): string;
  /** Stops the services and the broker; Postgres stays. */
  stopServices(): Promise<void>;
  stop(): Promise<void>;
}

const LOG = 'services.log';
/** Characters. */
const LAST_WORDS = 3_000;

type Say = (line: string) => void;

/** Measured with a profile, Postgres counts its statements too. */
const COUNTING = { shared_preload_libraries: 'pg_stat_statements', track_io_timing: 'on' };

/** Starts Postgres, the broker and the services in a fresh folder, which `stop` removes. */
export const startSystem = async (options: BenchOptions, say: Say): Promise<BenchSystem> => {
  const folder = join(FOLDER, String(process.pid));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // Only what ends without `stop` gets here with something running: an interrupt, an uncaught error.
  const abandon = (): void => {
    // By their command lines: what is only being started has told nobody its pid.
    for (const pid of ['initdb', 'postgres', 'java'].flatMap((name) => processesOf(name, folder))) killQuietly(pid);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', abandon);

  const postgres = await startPostgres({
    dataDir: join(folder, 'postgres'),
    ...(options.profile !== undefined && { settings: COUNTING }),
    log: say,
  });
  const databaseUrl = (database: string): string => postgres.url(database);
  const names = [...databases.map(databaseName), ...(options.transport === 'local' ? [databaseName('transport')] : [])];
  await createDatabases(databaseUrl('postgres'), names);
  const kafka =
    options.transport === 'kafka' ? await startKafka({ dataDir: join(folder, 'kafka'), log: say }) : undefined;

  const connect = (): Promise<Transport> =>
    kafka
      ? KafkaTransport.connect({ brokers: [kafka.brokers], clientId: 'bench' })
      : LocalTransport.connect({ url: databaseUrl(databaseName('transport')) });
  const { partitions } = options;
  const first = await connect();
  await first.ensureTopics(topicDeclarations.map((topic) => ({ ...topic, partitions })));
  await first.close();

  const log = createWriteStream(join(folder, LOG));
  const transportEnv = kafka
    ? { KAFKA_BROKERS: kafka.brokers }
    : { LOCAL_TRANSPORT_URL: databaseUrl(databaseName('transport')) };
  const startHost = options.processes === 'one' ? hostInOne : hostInEach;
  const host = await startHost({ databaseUrl, transportEnv, connect, log });

  let servicesStopped: Promise<void> | undefined;
  const stopServices = (): Promise<void> => (servicesStopped ??= host.stop().then(() => kafka?.stop()));
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await stopServices();
    await postgres.stop();
    await new Promise<void>((resolve) => log.end(resolve));
    process.off('exit', abandon);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  return {
    folder,
    databaseUrl,
    postgresPid: postgres.pid,
    kafkaPid: kafka?.pid,
    host,
    connect,
    lastWords: () => readFileSync(join(folder, LOG), 'utf8').slice(-LAST_WORDS),
    stopServices,
    stop: () => (stopped ??= stop()),
  };
};

const killQuietly = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
};
