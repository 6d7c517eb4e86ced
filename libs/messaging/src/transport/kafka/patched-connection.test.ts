import kafkajs from 'kafkajs';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SocketCable } from '../testing/cable.js';
import { topic, unique } from '../testing/member.js';
import { KafkaTransport } from './kafka-transport.js';

// What patches/kafkajs@2.2.4.patch changes is inside kafkajs, so this looks inside.
const require = createRequire(import.meta.url);

interface Queue {
  push(request: object): void;
  once(event: string, listener: () => void): void;
}
interface Connection {
  readonly requestQueue: Queue;
  connect(): Promise<boolean>;
  disconnect(): Promise<boolean>;
  isConnected(): boolean;
  send(protocol: object): Promise<unknown>;
}
const KafkaConnection = require('kafkajs/src/network/connection') as new (options: object) => Connection;
const socketFactory = (require('kafkajs/src/network/socketFactory') as () => () => object)();
const Encoder = require('kafkajs/src/protocol/encoder') as new () => object;

const logger = { debug() {}, info() {}, warn() {}, error() {}, namespace: () => logger };
const API_VERSIONS = 18;
const JOIN_GROUP = 11;

/** A request without a body; its answer is given as the bytes that came. */
const ask = {
  request: { apiKey: API_VERSIONS, apiVersion: 0, apiName: 'Ask', encode: async () => new Encoder() },
  response: { decode: async (payload: Buffer) => ({ payload }), parse: async (decoded: object) => decoded },
};

/** An answer to the request of this number, as it is on the wire. */
const answer = (correlationId: number, body = 'yes'): Buffer => {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + body.length, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, Buffer.from(body)]);
};

describe('a connection of the patched kafkajs', () => {
  let server: Server;
  let connection: Connection;
  const accepted: Socket[] = [];

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }, (socket) => {
      accepted.push(socket);
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const options = {
      host: '127.0.0.1',
      port,
      logger,
      socketFactory,
      requestTimeout: 60_000,
      connectionTimeout: 1_000,
    };
    connection = new KafkaConnection(options);
    await connect();
  });
  afterEach(() => {
    for (const socket of accepted.splice(0)) socket.destroy();
    server.close();
  });

  const connect = async (): Promise<Socket> => {
    const before = accepted.length;
    await connection.connect();
    await vi.waitUntil(() => accepted.length > before);
    return accepted.at(-1) as Socket;
  };
  const isAsked = (socket: Socket): Promise<unknown> => once(socket, 'data');

  it('leaves no request without an end that was made while it closed', async () => {
    const [socket] = accepted as [Socket];
    const first = connection.send(ask);
    await isAsked(socket);
    const closing = connection.disconnect();
    const late = new Promise((resolve, reject) => {
      connection.requestQueue.once('requestQueueEmpty', () => {
        const entry = { ...ask.request, correlationId: 7, resolve, reject };
        connection.requestQueue.push({ entry, expectResponse: true, sendRequest: () => {} });
      });
    });
    late.catch(() => {});
    socket.write(answer(0));
    await Promise.all([first, closing]);
    await expect(late).rejects.toThrow('Closed connection');
  }, 5_000);

  it('does not take half an answer for the beginning of one on its next socket', async () => {
    const [socket] = accepted as [Socket];
    const cut = connection.send(ask);
    await isAsked(socket);
    socket.end(answer(0).subarray(0, 9));
    await expect(cut).rejects.toThrow();
    await vi.waitUntil(() => !connection.isConnected());
    const next = await connect();
    const whole = connection.send(ask);
    await isAsked(next);
    next.write(answer(1, 'whole'));
    expect(await whole).toMatchObject({ payload: Buffer.from('whole') });
  }, 5_000);

  it('is not ended by the end of a socket that it gave up before', async () => {
    const [old] = accepted as [Socket];
    await connection.disconnect();
    const next = await connect();
    const asked = connection.send(ask);
    await isAsked(next);
    old.end();
    await once(old, 'close');
    next.write(answer(0));
    await expect(asked).resolves.toBeDefined();
    expect(connection.isConnected()).toBe(true);
  }, 5_000);

  it('is made once, however many wait for it', async () => {
    await connection.disconnect();
    const before = accepted.length;
    await Promise.all([connection.connect(), connection.connect()]);
    const asked = connection.send(ask);
    await vi.waitUntil(() => accepted.length > before);
    await isAsked(accepted.at(-1) as Socket);
    accepted.at(-1)?.write(answer(0));
    await asked;
    expect(accepted.length - before).toBe(1);
  }, 5_000);
});

describe('the patched kafkajs with a broker that answers nothing for a while', () => {
  const brokers = (process.env['BATON_TEST_KAFKA'] ?? '').split(',');
  const retry = { initialRetryTime: 20, maxRetryTime: 50, retries: 20 };
  const clientBy = ({ socketFactory: factory }: SocketCable, requestTimeout: number) =>
    new kafkajs.Kafka({
      brokers,
      clientId: 'patched',
      socketFactory: factory,
      connectionTimeout: 200,
      requestTimeout,
      retry,
      logLevel: kafkajs.logLevel.NOTHING,
    });

  it('does not hold a broker for connected that did not tell its versions', async () => {
    const cable = new SocketCable();
    const admin = clientBy(cable, 200).admin();
    const timedOut = new Promise((resolve) => admin.on(admin.events.REQUEST_TIMEOUT, resolve));
    const frozen = cable.freezeAt(API_VERSIONS);
    const connecting = admin.connect();
    await frozen;
    await timedOut;
    cable.thaw();
    await connecting;
    await expect(admin.listTopics()).resolves.toBeDefined();
    await admin.disconnect();
  });

  it('leaves a group that it joins only after it was stopped', async () => {
    const transport = await KafkaTransport.connect({ brokers, clientId: 'makes topics' });
    const [name, groupId] = [unique('left'), unique('group')];
    await transport.ensureTopics([topic(name, 1)]);
    const cable = new SocketCable();
    const consumer = clientBy(cable, 30_000).consumer({ groupId, sessionTimeout: 30_000 });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.connect();
    await consumer.subscribe({ topics: [name] });
    const frozen = cable.freezeAt(JOIN_GROUP);
    void consumer.run({ eachBatch: async () => {} });
    await frozen;
    const stopping = consumer.disconnect();
    cable.thaw();
    await Promise.all([stopping, joined]);
    const admin = clientBy(new SocketCable(), 30_000).admin();
    await admin.connect();
    const members = async (): Promise<number> => (await admin.describeGroups([groupId])).groups[0]?.members.length ?? 0;
    await vi.waitUntil(async () => (await members()) === 0, { timeout: 10_000, interval: 50 });
    await Promise.all([admin.disconnect(), transport.close()]);
  });
});
