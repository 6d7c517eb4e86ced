import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A listener beside the plain one. What it asks of clients is for settings with `listener.name.<name>.` to say. */
export interface Listener {
  /** In capitals, as Kafka writes it. */
  readonly name: string;
  readonly port: number;
  readonly protocol: 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
}

/** The settings of one node that is broker and controller at once, as Kafka's server.properties names them. */
export function settingsOf(
  port: number,
  controller: number,
  data: string,
  { listenOn = '127.0.0.1', more = [] }: { readonly listenOn?: string; readonly more?: readonly Listener[] } = {},
): Readonly<Record<string, string>> {
  const plain = { name: 'PLAINTEXT', port, protocol: 'PLAINTEXT' };
  const open = [plain, ...more];
  const own = { name: 'CONTROLLER', port: controller, protocol: 'PLAINTEXT' };
  const addresses = (host: string): readonly string[] => open.map((each) => `${each.name}://${host}:${each.port}`);
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: [...addresses(listenOn), `${own.name}://127.0.0.1:${controller}`].join(','),
    'advertised.listeners': addresses('127.0.0.1').join(','),
    'controller.listener.names': own.name,
    'inter.broker.listener.name': plain.name,
    'listener.security.protocol.map': [own, ...open].map(({ name, protocol }) => `${name}:${protocol}`).join(','),
    'log.dirs': data,
    'auto.create.topics.enable': 'false',
    // One node: what is replicated elsewhere has one copy here.
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // A development machine: few partitions to open, few threads, a cleaner that fits into a small heap, no waiting.
    'offsets.topic.num.partitions': '8',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.num.partitions': '4',
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker may come back only when its own controller has given up the one before; 9 s by default.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'log.cleaner.dedupe.buffer.size': '16777216',
  };
}

/** A value as properties files write it: a certificate has several lines. */
const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

/** Settings as the text of a properties file. */
export function propertiesOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${escaped(value)}\n`)
    .join('');
}

/**
 * Settings as the variables of Kafka's image, which puts them into a properties file as they are: `log.dirs` is
 * `KAFKA_LOG_DIRS`, a dash three underscores, an underscore two.
 */
export function variablesOf(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      `KAFKA_${key.toUpperCase().replaceAll('_', '__').replaceAll('.', '_').replaceAll('-', '___')}`,
      escaped(value),
    ]),
  );
}

/** The 22 characters of Kafka's uuids, made once a folder. A leading dash would read as an option. */
export function clusterId(folder: string): string {
  const file = join(folder, 'cluster-id');
  if (!existsSync(file)) writeFileSync(file, randomBytes(16).toString('base64url').replace(/^-/, '_'));
  return readFileSync(file, 'utf8');
}
