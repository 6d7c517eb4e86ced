import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { Client } from 'pg';
import type { LaneLimits } from '../delivery/lane.js';
import type { TransportLogger } from '../delivery/logger.js';
import { KafkaTransport } from '../kafka/kafka-transport.js';
import { LocalDatabase } from '../local/local-database.js';
import { writeChunks } from '../local/local-publisher.js';
import { LocalTransport } from '../local/local-transport.js';
import type { Transport } from '../port.js';
import { type Cable, PortCable, SocketCable } from './cable.js';

export interface HarnessOptions {
  readonly limits?: Partial<LaneLimits>;
  readonly logger?: TransportLogger;
}

/** A record as a stranger may write it. */
export interface RawRecord {
  readonly topic: string;
  readonly key?: string;
  readonly value?: Buffer;
}

/** One of the adapters, for the contract test suite. */
export interface Harness {
  readonly name: string;
  /** How long it takes until a member of which nothing is heard is out of its group, milliseconds. */
  readonly sessionTimeoutMs: number;
  connect(options?: HarnessOptions): Promise<Transport>;
  connectByCable(options?: HarnessOptions): Promise<{ readonly transport: Transport; readonly cable: Cable }>;
  writeRaw(record: RawRecord): Promise<void>;
  /** Closes what `connect` made. */
  close(): Promise<void>;
}

function needed(name: 'BATON_TEST_POSTGRES' | 'BATON_TEST_KAFKA'): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; the global setup of the test run starts the server`);
  return value;
}

const closing = (): {
  readonly later: (close: () => Promise<void> | void) => void;
  readonly now: () => Promise<void>;
} => {
  let all: (() => Promise<void> | void)[] = [];
  return {
    later: (close) => all.push(close),
    now: async () => {
      const closes = all.toReversed();
      all = [];
      for (const close of closes) await close();
    },
  };
};

export function kafkaHarness(): Harness {
  // The least that a broker allows unless told otherwise.
  const sessionTimeoutMs = 6_000;
  const brokers = (): string[] => needed('BATON_TEST_KAFKA').split(',');
  const { later, now } = closing();
  const connect = async (options: HarnessOptions, cable?: SocketCable): Promise<Transport> => {
    const transport = await KafkaTransport.connect({
      brokers: brokers(),
      clientId: 'contract-test',
      sessionTimeoutMs,
      heartbeatMs: 500,
      ...options,
      ...(cable === undefined ? {} : { socketFactory: cable.socketFactory }),
    });
    later(() => transport.close());
    return transport;
  };
  return {
    name: 'kafka',
    sessionTimeoutMs,
    connect: (options = {}) => connect(options),
    connectByCable: async (options = {}) => {
      const cable = new SocketCable();
      return { transport: await connect(options, cable), cable };
    },
    writeRaw: async ({ topic, key, value }) => {
      const kafka = new kafkajs.Kafka({ brokers: brokers(), clientId: 'stranger', logLevel: kafkajs.logLevel.NOTHING });
      const producer = kafka.producer({ createPartitioner: () => () => 0 });
      await producer.connect();
      await producer.send({ topic, messages: [{ key: key ?? null, value: value ?? null }] });
      await producer.disconnect();
    },
    close: now,
  };
}

/** Each harness has a schema of its own. */
export function localHarness(): Harness {
  const sessionTimeoutMs = 4_000;
  const schema = `t_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const url = (): string => needed('BATON_TEST_POSTGRES');
  const { later, now } = closing();
  const connect = async (options: HarnessOptions, through: string): Promise<Transport> => {
    const transport = await LocalTransport.connect({
      url: through,
      schema,
      sessionTimeoutMs,
      heartbeatMs: 250,
      ...options,
    });
    later(() => transport.close());
    return transport;
  };
  return {
    name: 'local',
    sessionTimeoutMs,
    connect: (options = {}) => connect(options, url()),
    connectByCable: async (options = {}) => {
      const cable = await PortCable.to(url());
      later(() => cable.close());
      return { transport: await connect(options, cable.url), cable };
    },
    writeRaw: async ({ topic, key, value }) => {
      const database = new LocalDatabase(url(), schema);
      await writeChunks(database, [{ topic, partition: 0, records: [{ key, headers: {}, value }] }]);
      await database.close();
    },
    close: async () => {
      await now();
      const client = new Client({ connectionString: url() });
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await client.end();
    },
  };
}
