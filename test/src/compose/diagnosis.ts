import { setTimeout as pause } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { endsOf, get, participants } from './books.js';
import type { ComposeSystem } from './compose-system.js';

/** Lines of each container that are shown, how far back they are looked for, and how much of each line. */
const LINES = 40;
const LOOKED_AT = '2000';
const WIDTH = 400;
/** Levels of our log worth showing. */
const WARNS: ReadonlySet<string> = new Set(['warn', 'error', 'fatal']);
/** Sagas under way that are shown. */
const SAGAS = 20;
/** The longest that one part of the diagnosis may take, milliseconds. */
const PART_MS = 30_000;
/** Compose begins its lines with a command for terminals. */
const ERASE = /^\u001b\[2K/;

type Part = readonly [title: string, tell: () => Promise<string>];

/**
 * What can be seen of a system that failed, for whoever reads the test's output and will never see the system itself.
 * A part that cannot be told says why.
 */
const diagnosisOf = async (system: ComposeSystem): Promise<string> => {
  const logged = await within(containersOf(system)).catch(() => []);
  const parts: readonly Part[] = [
    ['orders', async () => JSON.stringify(await endsOf(system))],
    ['sagas under way', () => sagasOf(system)],
    ['incidents by reason', () => incidentsOf(system)],
    ['containers', () => system.compose('ps', '--all')],
    ...participants.map(
      (name): Part => [
        `${name} /health/ready`,
        async () => JSON.stringify(await system.askInside(name, '/health/ready')),
      ],
    ),
    ['consumer groups', () => groupsOf(system)],
    ...logged.map((name): Part => [`warnings of ${name}`, () => warningsOf(system, name)]),
  ];
  const told: string[] = [];
  for (const [title, tell] of parts) {
    const text = await within(tell()).catch((error: unknown) => `could not be told: ${String(error)}`);
    told.push(`--- ${title}\n${text.trim() || '(nothing)'}`);
  }
  return told.join('\n');
};

/** Does `work`, and when that fails prints what can be seen of the system. */
export const diagnosed = async <Result>(system: ComposeSystem, work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work();
  } catch (error) {
    console.error(`[compose] ${String(error)}\n${await diagnosisOf(system)}`);
    throw error;
  }
};

const within = <Result>(work: Promise<Result>): Promise<Result> =>
  Promise.race([
    work,
    pause(PART_MS, undefined, { ref: false }).then(() => Promise.reject(new Error(`no answer in ${PART_MS} ms`))),
  ]);

const containersOf = async (system: ComposeSystem): Promise<readonly string[]> =>
  (await system.compose('ps', '--all', '--services')).split('\n').filter((name) => name !== '');

/** What the newest of the sagas under way wait for, in the coordinator's words. */
const sagasOf = async (system: ComposeSystem): Promise<string> => {
  const { sagas } = await get<{ readonly sagas: readonly { readonly orderId: string; readonly sentence: string }[] }>(
    `${system.url('gateway')}/sagas?status=running&limit=${SAGAS}`,
  );
  return sagas.map(({ orderId, sentence }) => `${orderId}: ${sentence}`).join('\n');
};

/** How many incidents there are of each reason. */
const incidentsOf = async (system: ComposeSystem): Promise<string> => {
  const { incidents } = await get<{
    readonly incidents: readonly { readonly step: string; readonly reason: string }[];
  }>(`${system.url('gateway')}/incidents?limit=200`);
  const reasons = Map.groupBy(incidents, ({ step, reason }) => `${step}: ${reason}`);
  return [...reasons].map(([reason, all]) => `${all.length} × ${reason}`).join('\n');
};

/** State and members of each consumer group, and how many records of each topic it has not committed. */
const groupsOf = async (system: ComposeSystem): Promise<string> => {
  const kafka = new kafkajs.Kafka({
    clientId: 'diagnosis',
    brokers: [system.brokers],
    requestTimeout: 10_000,
    retry: { retries: 1 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { groups } = await admin.listGroups();
    const described = (await admin.describeGroups(groups.map(({ groupId }) => groupId))).groups;
    const lines = described.map(async ({ groupId, state, members }) => {
      const behind = await Promise.all(
        (await admin.fetchOffsets({ groupId })).map(async ({ topic, partitions }) => {
          const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, high]));
          const lags = partitions.map(({ partition, offset }) => Number(ends.get(partition) ?? 0) - Number(offset));
          return `${topic} ${lags.reduce((sum, lag) => sum + lag, 0)}`;
        }),
      );
      const names = members.map(({ memberId, clientHost }) => `${memberId}@${clientHost}`).join(', ');
      return `${groupId}: ${state}, ${members.length} members (${names}); not committed: ${behind.join(', ')}`;
    });
    return (await Promise.all(lines)).join('\n');
  } finally {
    await admin.disconnect();
  }
};

/** The last lines of a service's containers that warn or tell an error. */
const warningsOf = async (system: ComposeSystem, service: string): Promise<string> => {
  const said = await system.compose('logs', '--no-color', '--timestamps', '--tail', LOOKED_AT, service);
  const lines = said.split('\n').filter((line) => line !== '');
  const warning = lines.filter(isWarning);
  return warning
    .slice(-LINES)
    .map((line) => line.replace(ERASE, '').slice(0, WIDTH))
    .join('\n');
};

/** Our services write JSON with a level; of others the words tell. */
const isWarning = (line: string): boolean => {
  const level = /"level":"(\w+)"/.exec(line)?.[1];
  return level === undefined ? /warn|error|fatal|exception|panic/i.test(line) : WARNS.has(level);
};
