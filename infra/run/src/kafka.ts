import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka as Client, logLevel } from 'kafkajs';
import {
  execute,
  KAFKA_FOLDER,
  type KafkaRuntime,
  kafkaRuntime,
  removeContainer,
  signalContainer,
} from './kafka-runtime.js';
import { clusterId, type Listener, propertiesOf, settingsOf, variablesOf } from './kafka-settings.js';
import {
  claimFolder,
  endProcess,
  type Exit,
  gone,
  type Log,
  processesOf,
  releaseFolder,
  type Running,
  signal,
} from './processes-identity.js';
import { freePort, keepPort, keptPort } from './processes-ports.js';

/** Where and how to start the broker. */
export interface KafkaOptions {
  /** Everything of it lies here: its log segments, its ports, its settings, its log. Made if it is missing. */
  readonly dataDir: string;
  /** A port that must be this one; without it, the port of the last start if free, else any. */
  readonly port?: number;
  /** More listeners on 127.0.0.1, beside the plain one at `port`. */
  readonly listeners?: readonly Listener[];
  /** Settings of the broker, over our own, as its server.properties names them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Progress for people; called only for what takes time or is worth knowing. */
  readonly log?: Log;
}

/** A running broker that answers. */
export interface Kafka extends Running {
  /** `127.0.0.1:port`, as KAFKA_BROKERS wants it. */
  readonly brokers: string;
  readonly port: number;
  /** Runs Kafka's own `kafka-configs` against it, for what clients cannot say, such as the password of a SCRAM user. */
  readonly configure: (...args: readonly string[]) => Promise<void>;
}

const READY_DEADLINE = 90_000;
const BUSY_DEADLINE = 20_000;
const STOP_STEPS = [
  ['SIGTERM', 20_000],
  ['SIGKILL', 5_000],
] as const;

/**
 * Starts one Apache Kafka node (KRaft, broker and controller at once) on 127.0.0.1 and resolves when it answers. A
 * broker that a killed parent left on the same folder is shut down first; a killed one recovers its segments. Throws
 * when nothing to run Kafka with is found, when another living process holds the folder, when `port` stays busy, or
 * when the broker does not come up; the error then holds the end of its log.
 */
export async function startKafka(options: KafkaOptions): Promise<Kafka> {
  const log = options.log ?? (() => {});
  claimFolder(options.dataDir);
  const folder = realpathSync(options.dataDir);
  try {
    const runtime = await kafkaRuntime(log);
    const { listeners = [], settings = {} } = options;
    const place = placeOf(folder, runtime, listeners, settings);
    await place.endLeftBehind(log);
    mkdirSync(join(folder, 'data'), { recursive: true });
    const controller = await keptPort(join(folder, 'controller-port'));
    let port = options.port ?? (await keptPort(join(folder, 'port')));
    const until = Date.now() + BUSY_DEADLINE;
    for (;;) {
      writeFileSync(
        join(folder, 'server.properties'),
        propertiesOf({ ...settingsOf(port, controller, join(folder, 'data'), { more: listeners }), ...settings }),
      );
      await place.format();
      const attempt = await launch(folder, port, place, place.spawn(port, controller), log);
      if ('pid' in attempt) {
        keepPort(join(folder, 'port'), port);
        return attempt;
      }
      const busy = /Address already in use|Failed to acquire lock|port is already allocated/.test(attempt.said);
      if (!busy || Date.now() > until) {
        throw new Error(`Kafka did not start (port ${port}, log in ${join(folder, 'kafka.log')}):\n${attempt.said}`);
      }
      if (options.port === undefined) port = await freePort();
      await sleep(500);
    }
  } catch (error) {
    releaseFolder(folder);
    throw error;
  }
}

/** What differs between a broker on Java and one in a container. */
interface Place {
  readonly endLeftBehind: (log: Log) => Promise<void>;
  readonly format: () => Promise<void>;
  readonly spawn: (port: number, controller: number) => ChildProcess;
  readonly configure: (args: readonly string[]) => Promise<unknown>;
  readonly send: (pid: number, name: NodeJS.Signals) => unknown;
}

function placeOf(
  folder: string,
  runtime: KafkaRuntime,
  listeners: readonly Listener[],
  settings: Readonly<Record<string, string>>,
): Place {
  return runtime.kind === 'java' ? javaPlace(folder, runtime) : dockerPlace(folder, runtime.image, listeners, settings);
}

function javaPlace(folder: string, { java, jars }: Extract<KafkaRuntime, { kind: 'java' }>): Place {
  const properties = join(folder, 'server.properties');
  const jvm = (main: string, ...args: readonly string[]): readonly string[] => [
    '-Xmx512m',
    '-Djava.net.preferIPv4Stack=true',
    `-Dlog4j2.configurationFile=${join(KAFKA_FOLDER, 'log4j2.xml')}`,
    '-cp',
    join(jars, '*'),
    main,
    ...args,
  ];
  return {
    endLeftBehind: async (log) => {
      for (const pid of processesOf('java', properties)) {
        log(`Kafka (pid ${pid}) is left from an earlier run; shutting it down`);
        await endProcess(pid, gone(pid), STOP_STEPS);
      }
    },
    format: async () => {
      const done = join(folder, 'formatted');
      if (existsSync(done)) return;
      await execute(
        java,
        jvm('kafka.tools.StorageTool', 'format', '--ignore-formatted', '-t', clusterId(folder), '-c', properties),
      );
      writeFileSync(done, '');
    },
    spawn: () => spawnLogged(folder, java, jvm('kafka.Kafka', properties)),
    configure: (args) => execute(java, jvm('kafka.admin.ConfigCommand', ...args)),
    send: signal,
  };
}

function dockerPlace(
  folder: string,
  image: string,
  listeners: readonly Listener[],
  more: Readonly<Record<string, string>>,
): Place {
  const name = `baton-kafka-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
  // A volume, since the image's user may not write to our folder; by the id that lies in it, so that a folder that is
  // made anew begins with an empty broker.
  const volume = `baton-kafka-${clusterId(folder)}`;
  return {
    endLeftBehind: () => removeContainer(name),
    format: async () => {}, // the image does it at its start
    spawn: (port, controller) => {
      const settings = {
        ...settingsOf(port, controller, '/var/lib/kafka/data', { listenOn: '0.0.0.0', more: listeners }),
        ...more,
      };
      const env = Object.entries({
        ...variablesOf(settings),
        CLUSTER_ID: clusterId(folder),
        KAFKA_HEAP_OPTS: '-Xmx512m -Xms512m',
      });
      return spawnLogged(folder, 'docker', [
        'run',
        '--rm',
        '--name',
        name,
        ...[port, ...listeners.map((each) => each.port)].flatMap((open) => ['--publish', `127.0.0.1:${open}:${open}`]),
        '--volume',
        `${volume}:/var/lib/kafka/data`,
        ...env.flatMap(([key, value]) => ['--env', `${key}=${value}`]),
        image,
      ]);
    },
    configure: (args) => execute('docker', ['exec', name, '/opt/kafka/bin/kafka-configs.sh', ...args]),
    send: (_pid, signalName) => signalContainer(name, signalName),
  };
}

async function launch(
  folder: string,
  port: number,
  place: Place,
  child: ChildProcess,
  log: Log,
): Promise<Kafka | { readonly said: string }> {
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, by) => resolve({ code, signal: by }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  let ended = false;
  void exited.then(() => (ended = true));
  const { pid } = child;
  const begun = Date.now();
  let told = begun;
  while (pid !== undefined && !ended) {
    if ((await listens(port)) && (await answers(port))) {
      let stopping: Promise<void> | undefined;
      const stop = (): Promise<void> =>
        (stopping ??= endProcess(pid, exited, STOP_STEPS, place.send).then(() => releaseFolder(folder)));
      const brokers = `127.0.0.1:${port}`;
      const configure = async (...args: readonly string[]): Promise<void> =>
        void (await place.configure(['--bootstrap-server', brokers, ...args]));
      return { pid, port, brokers, configure, exited, stop, partingSignal: 'SIGTERM' };
    }
    const now = Date.now();
    if (now - told > 10_000) {
      log(`waiting for Kafka (${Math.round((now - begun) / 1000)} s)`);
      told = now;
    }
    if (now - begun > READY_DEADLINE) await endProcess(pid, exited, [['SIGKILL', 10_000]], place.send);
    else await sleep(50);
  }
  await exited;
  return { said: readFileSync(join(folder, 'kafka.log'), 'utf8').slice(-2_000).trim() };
}

/** Spawns in a process group of its own, so that Ctrl-C in the terminal does not reach the broker before its clients. */
function spawnLogged(folder: string, program: string, args: readonly string[]): ChildProcess {
  const output = openSync(join(folder, 'kafka.log'), 'w', 0o600);
  const child = spawn(program, args, {
    detached: true,
    cwd: folder,
    stdio: ['ignore', output, output],
    windowsHide: true,
  });
  closeSync(output);
  return child;
}

async function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .setTimeout(2_000, () => end(false));
  });
}

/** Whether the broker describes itself: it listens before it has joined its own cluster. */
async function answers(port: number): Promise<boolean> {
  const client = new Client({
    clientId: 'baton-start',
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  // kafkajs sets timers in the past, and Node would warn people of it at every start.
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (rest[0] !== 'TimeoutNegativeWarning') Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length > 0;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => {});
    process.emitWarning = emitWarning;
  }
}
