import kafkajs from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SocketCable } from '../testing/cable.js';
import { Member, record, topic, unique, until } from '../testing/member.js';
import { KafkaTransport } from './kafka-transport.js';

/** What a member asks before it reads and while it does, by Kafka's numbers. */
const REQUESTS = {
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  SyncGroup: 14,
  ApiVersions: 18,
} as const;
/** Errors by Kafka's numbers. */
const COORDINATOR_LOADING = 14;
const NOT_COORDINATOR = 16;
const SESSION_TIMEOUT_MS = 6_000;
const REQUEST_TIMEOUT_MS = 700;
/** Longer than a request is waited for; longer than two; longer than a join, a connection and a session are. */
const FREEZES_MS = [900, 2_100, 7_200];
const KEYS = Array.from({ length: 20 }, (_, index) => `key-${index}`);

describe('A broker that answers nothing for a while', () => {
  const brokers = (process.env['BATON_TEST_KAFKA'] ?? '').split(',');
  const admin = new kafkajs.Kafka({ brokers, clientId: 'looks' }).admin();
  let publisher: KafkaTransport;

  beforeAll(async () => {
    publisher = await KafkaTransport.connect({ brokers, clientId: 'publisher' });
    await admin.connect();
  });
  afterAll(() => Promise.all([publisher.close(), admin.disconnect()]));

  /** A member that is frozen as soon as it asks `apiKey`, thawed after a while, and must then be as good as new. */
  const outlives = async (apiKey: number, frozenMs: number): Promise<void> => {
    const cable = new SocketCable();
    const transport = await KafkaTransport.connect({
      brokers,
      clientId: 'frozen',
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      heartbeatMs: 200,
      rebalanceTimeoutMs: 2_000,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      socketFactory: cable.socketFactory,
    });
    const [name, group] = [unique('frozen'), unique('group')];
    await publisher.ensureTopics([topic(name, 4)]);
    const frozen = cable.freezeAt(apiKey);
    const member = await Member.join(transport, group, [name]);
    await frozen;
    // The broker's time, of which the test is about: there is nothing to wait for in it.
    await sleep(frozenMs);
    cable.thaw();
    await publisher.publish(KEYS.map((key) => record(name, key, 'published')));
    await until(() => new Set(member.records.map(({ key }) => key)).size === KEYS.length);
    // What it joined in vain is left, or its session runs out.
    const members = async (): Promise<number> => (await admin.describeGroups([group])).groups[0]?.members.length ?? 0;
    await vi.waitUntil(async () => (await members()) === 1, { timeout: 2 * SESSION_TIMEOUT_MS, interval: 200 });
    expect(member.consumer.healthy).toBe(true);
    await transport.close();
  };

  it.each([0, 1, 2])('is waited for by who starts, also where it dies after %i answers', async (answers) => {
    const cable = new SocketCable();
    cable.loseAfter(answers, REQUESTS.Metadata);
    const starts = await KafkaTransport.connect({ brokers, clientId: 'starts', socketFactory: cable.socketFactory });
    await starts.ensureTopics([topic(unique('starts'), 1)]);
    await starts.close();
  });

  it('stops no member that failed to join anew, and is a member still', async () => {
    const cable = new SocketCable();
    const options = { brokers, clientId: 'told', heartbeatMs: 200, socketFactory: cable.socketFactory };
    const transport = await KafkaTransport.connect(options);
    const [name, group] = [unique('told'), unique('group')];
    await publisher.ensureTopics([topic(name, 1)]);
    const member = await Member.join(transport, group, [name]);
    await until(() => member.held.size === 1);
    // As after a pause: the broker is not its group's coordinator, then is, and reads again who was in the group.
    cable.refuse(REQUESTS.Heartbeat, NOT_COORDINATOR, 1);
    cable.refuse(REQUESTS.JoinGroup, COORDINATOR_LOADING, 1);
    await until(() => member.held.size === 0);
    await publisher.publish([record(name, 'key', 'value')]);
    await until(() => member.records.length > 0);
    await transport.close();
  });

  const STUCK_MS = 1_500;
  const joinedBy = async (cable: SocketCable, onAssigned?: () => Promise<never>) => {
    const transport = await KafkaTransport.connect({
      brokers,
      clientId: 'watched',
      stuckAfterMs: STUCK_MS,
      socketFactory: cable.socketFactory,
    });
    const name = unique('watched');
    await publisher.ensureTopics([topic(name, 4)]);
    const member = await Member.join(transport, unique('group'), [name], onAssigned && { onAssigned });
    return { transport, member };
  };

  it('makes a member unhealthy that reads nothing, until it reads again', async () => {
    const cable = new SocketCable();
    const { transport, member } = await joinedBy(cable);
    await until(() => member.held.size === 4);
    // There is nothing new in its topic, and it knows: that is no reason.
    await sleep(2 * STUCK_MS);
    expect(member.consumer.healthy).toBe(true);
    cable.freeze();
    await until(() => !member.consumer.healthy);
    cable.thaw();
    await until(() => member.consumer.healthy);
    await transport.close();
  });

  it('is not the only reason for that: a member whose assignment is never taken reads nothing either', async () => {
    const { transport, member } = await joinedBy(new SocketCable(), () => new Promise(() => {}));
    await until(() => !member.consumer.healthy);
    await transport.close();
  });

  it('costs no member its place, and makes no second one, whatever was asked and however long', async () => {
    const cases = Object.entries(REQUESTS).flatMap(([request, apiKey]) =>
      FREEZES_MS.map(async (frozenMs) => {
        const failure = await outlives(apiKey, frozenMs).then(
          () => undefined,
          (error: unknown) => String(error),
        );
        return { request, frozenMs, failure };
      }),
    );
    const failed = (await Promise.all(cases)).filter(({ failure }) => failure !== undefined);
    expect(failed).toEqual([]);
  });
});
