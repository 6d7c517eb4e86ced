import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TopicName, topicDeclarations, topics } from '@baton/contracts';
import { type Kafka, databaseName, freePort, type ProcessSystem, settle, startKafka, startProcesses } from '@baton/run';
import type { ServiceName } from '@baton/service-kit';
import { obedient } from '@baton/shipping';
import * as kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '@baton/messaging/testing';
import { submitted } from './support/intake.js';
import { order } from './support/orders.js';
import { PATIENCE_MS, type TestSystem, testSystem } from './support/system.js';

/** Nine processes and a broker, on a machine that may be busy. */
const START_MS = 300_000;

const INVENTORY = fileURLToPath(new URL('main.js', import.meta.resolve('@baton/inventory')));

/** How each service proves who it is: all mechanisms that there are settings for. */
const mechanisms = {
  orders: 'scram-sha-512',
  coordinator: 'scram-sha-256',
  inventory: 'plain',
  warehouse: 'plain',
  shipping: 'plain',
  notification: 'plain',
} as const satisfies Partial<Record<ServiceName, string>>;
type Member = keyof typeof mechanisms;
const members = Object.keys(mechanisms) as Member[];

const userOf = (member: Member): string => `baton-${member}`;
const passwordOf = (member: Member): string => `password of ${member}`;
const isMember = (name: string): name is Member => name in mechanisms;

let folder: string;
let broker: Kafka;
let admin: kafkajs.Admin;
let processes: ProcessSystem;
let world: TestSystem;
/** Where the broker asks who is there. */
let port: number;

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
type Resource = keyof typeof AclResourceTypes;

/** Lets a service do what docs/how-to/use-managed-kafka-and-postgres.md says, and nothing else. */
const allow = (member: Member, operation: keyof typeof AclOperationTypes, resource: Resource, name: string) => ({
  principal: `User:${userOf(member)}`,
  host: '*',
  operation: AclOperationTypes[operation],
  permissionType: AclPermissionTypes.ALLOW,
  resourceType: AclResourceTypes[resource],
  resourceName: name,
  resourcePatternType: ResourcePatternTypes.LITERAL,
});
const writes = (member: Member) =>
  (Object.keys(topics) as TopicName[])
    .filter((topic) => topics[topic].writer === member)
    .map((topic) => allow(member, 'WRITE', 'TOPIC', topic));
const readsAndGroup = (member: Member) => [
  allow(member, 'DESCRIBE', 'CLUSTER', 'kafka-cluster'),
  allow(member, 'READ', 'TOPIC', '*'),
  allow(member, 'READ', 'GROUP', userOf(member)),
];

/** A broker as it is run for a team: TLS, a user for each service, and each may do only what it needs. */
const startSecured = async (): Promise<Kafka> => {
  const key = join(folder, 'key.pem');
  const certificate = join(folder, 'certificate.pem');
  const subject = ['-subj', '/CN=broker', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
    stdio: 'ignore',
  });
  const plain = members.filter((member) => mechanisms[member] === 'plain');
  const passwords = plain.map((member) => `user_${userOf(member)}="${passwordOf(member)}"`).join(' ');
  const security = 'org.apache.kafka.common.security';
  const of = (name: string): string => `listener.name.secured.${name}`;
  const kafka = await startKafka({
    dataDir: join(folder, 'broker'),
    listeners: [{ name: 'SECURED', port, protocol: 'SASL_SSL' }],
    settings: {
      [of('ssl.keystore.type')]: 'PEM',
      [of('ssl.keystore.certificate.chain')]: readFileSync(certificate, 'utf8'),
      [of('ssl.keystore.key')]: readFileSync(key, 'utf8'),
      [of('sasl.enabled.mechanisms')]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      [of('plain.sasl.jaas.config')]: `${security}.plain.PlainLoginModule required ${passwords};`,
      [of('scram-sha-256.sasl.jaas.config')]: `${security}.scram.ScramLoginModule required;`,
      [of('scram-sha-512.sasl.jaas.config')]: `${security}.scram.ScramLoginModule required;`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // Who comes by the plain listener: this test, and the broker itself.
      'super.users': 'User:ANONYMOUS',
    },
  });
  for (const member of members.filter((each) => mechanisms[each] !== 'plain')) {
    const credential = `${mechanisms[member].toUpperCase()}=[password=${passwordOf(member)}]`;
    await kafka.configure(
      '--alter',
      '--add-config',
      credential,
      '--entity-type',
      'users',
      '--entity-name',
      userOf(member),
    );
  }
  return kafka;
};

/** What the environment of a service says about Kafka in production. */
const secured = (member: Member): Readonly<Record<string, string>> => {
  const file = join(folder, `${member}-password`);
  writeFileSync(file, `${passwordOf(member)}\n`, { mode: 0o600 });
  return {
    KAFKA_BROKERS: `127.0.0.1:${port}`,
    KAFKA_TLS: 'true',
    KAFKA_SASL_MECHANISM: mechanisms[member],
    KAFKA_SASL_USERNAME: userOf(member),
    KAFKA_SASL_PASSWORD_FILE: file,
    NODE_EXTRA_CA_CERTS: join(folder, 'certificate.pem'),
  };
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-secured-'));
  port = await freePort();
  broker = await startSecured();
  admin = new kafkajs.Kafka({
    clientId: 'operator',
    brokers: [broker.brokers],
    logLevel: kafkajs.logLevel.ERROR,
  }).admin();
  await admin.connect();
  // Users that may not make topics find them made.
  await admin.createTopics({
    topics: topicDeclarations.map(({ name, partitions }) => ({ topic: name, numPartitions: partitions })),
    waitForLeaders: true,
  });
  // All that the services need but one right: shipping may not write yet.
  const acl = members.flatMap((member) => [...readsAndGroup(member), ...(member === 'shipping' ? [] : writes(member))]);
  await admin.createAcls({ acl });

  process.env.KAFKA_BROKERS = broker.brokers;
  const places = await settle(join(folder, 'system'), 0);
  const said: string[] = [];
  processes = await startProcesses(
    places,
    { deliverySeconds: 0, packingSeconds: 0, staff: 4, carriers: obedient },
    (words) => said.push(words),
    { env: (name) => (isMember(name) ? secured(name) : {}) },
  );
  world = testSystem(processes, places, said, () => processes.stop());
  await world.client.stock.import([{ sku: 'TEA', location: 'West', onHand: 100 }]);
}, START_MS);
afterAll(async () => {
  await world?.stop();
  await admin?.disconnect();
  await broker?.stop();
  rmSync(folder, { recursive: true, force: true });
}, START_MS);

/** What the services have logged since this was called. */
const logSince = (): (() => string) => {
  const log = world.places.file('baton.log');
  const begin = readFileSync(log, 'utf8').length;
  return () => readFileSync(log, 'utf8').slice(begin);
};
const says = (log: () => string, words: RegExp): Promise<void> =>
  eventually(() => expect(log()).toMatch(words), PATIENCE_MS);
const submit = (orderId: string): Promise<void> => world.system.transport.publish([submitted(order(orderId))]);

test('what a service may not write is not lost: it says so, and goes on once it may', {
  timeout: START_MS,
}, async () => {
  const log = logSince();
  await submit('unsaid');
  await says(log, /"shipping".*uthorization failed.*Publishing does not work/);
  await admin.createAcls({ acl: writes('shipping') });
  await world.reaches('unsaid', 'completed');
});

test('who may not use its group is not ready, says why, and goes on once it may', { timeout: START_MS }, async () => {
  const log = logSince();
  const right = allow('warehouse', 'READ', 'GROUP', userOf('warehouse'));
  const filter = { ...right, resourcePatternType: ResourcePatternTypes.LITERAL };
  await admin.deleteAcls({ filters: [filter] });
  await says(log, /"warehouse".*Kafka at .* refuses/);
  const ready = `http://127.0.0.1:${world.places.ports.warehouse}/health/ready`;
  await eventually(async () => expect((await fetch(ready)).status).toBe(503), PATIENCE_MS);
  await submit('unheard');
  await admin.createAcls({ acl: [right] });
  await world.reaches('unheard', 'completed');
  expect((await fetch(ready)).status).toBe(200);
});

/** A second process of inventory, with other settings; what it says, and how it ends. */
const start = (settings: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, [INVENTORY], {
    env: {
      ...process.env,
      DATABASE_URL: processes.databaseUrl(databaseName('inventory')),
      ...secured('inventory'),
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (said += text.toString()));
  return { child, said: () => said, ended: once(child, 'close') };
};

test('a wrong password ends a service with the reason', { timeout: START_MS }, async () => {
  const { said, ended } = start({ KAFKA_SASL_PASSWORD: 'wrong' });
  expect(await ended).toEqual([1, null]);
  expect(said()).toMatch(/inventory: .*authentication failed/i);
  expect(said()).not.toMatch(/wrong|password of/);
});

test('a broker whose certificate nobody vouches for is not spoken to, and who waits for another can be stopped', {
  timeout: START_MS,
}, async () => {
  const { child, said, ended } = start({ NODE_EXTRA_CA_CERTS: '' });
  await says(said, /self-signed certificate.*does not answer; trying again/);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
