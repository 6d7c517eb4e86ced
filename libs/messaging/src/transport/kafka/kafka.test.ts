import kafkajs from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SocketCable } from '../testing/cable.js';
import { Member, record, topic, unique, until } from '../testing/member.js';
import { settingsOf } from './kafka-options.js';
import { requestsOf } from './kafka-records.js';
import { KafkaTransport } from './kafka-transport.js';

/** How long the broker answers nothing, and how long it answers then, milliseconds. */
const FREEZES: readonly (readonly [frozenMs: number, betweenMs: number])[] = [
  [900, 20],
  [750, 60],
  [1_500, 120],
  [800, 5],
  [2_600, 250],
  [1_000, 40],
  [900, 400],
  [1_800, 90],
  [720, 10],
  [3_500, 30],
  [900, 160],
  [1_200, 0],
];

describe('what is particular to Kafka', () => {
  it('is one produce request, and more only where a batch could be too large for a broker', () => {
    const small = Array.from({ length: 100 }, (_, index) => record(`topic-${index % 3}`, 'key', `${index}`));
    expect(requestsOf(small)).toHaveLength(1);
    const large = Array.from({ length: 5 }, (_, index) => record('topic', `key-${index}`, Buffer.alloc(400_000)));
    expect(requestsOf([...large, ...small]).map((request) => request.map(({ messages }) => messages.length))).toEqual([
      [2],
      [2],
      [1, 34, 33, 33],
    ]);
    // One record that is too large by itself is for the broker to refuse.
    expect(requestsOf([record('topic', 'key', Buffer.alloc(3_000_000)), ...small])).toHaveLength(1);
  });

  it('reads what was compressed', async () => {
    const transport = await KafkaTransport.connect({
      brokers: (process.env['BATON_TEST_KAFKA'] ?? '').split(','),
      clientId: 'compressed',
      compression: 'gzip',
    });
    const name = unique('gzip');
    await transport.ensureTopics([topic(name, 2)]);
    const member = await Member.join(transport, unique('group'), [name]);
    await transport.publish(Array.from({ length: 100 }, (_, index) => record(name, `key-${index}`, `${index}`)));
    await until(() => member.records.length >= 100);
    await transport.close();
  });

  it('goes on after a broker that answered nothing for a while, as one member and not as several', async () => {
    const brokers = (process.env['BATON_TEST_KAFKA'] ?? '').split(',');
    const cable = new SocketCable();
    const publisher = await KafkaTransport.connect({ brokers, clientId: 'publisher' });
    const transport = await KafkaTransport.connect({
      brokers,
      clientId: 'frozen',
      sessionTimeoutMs: 6_000,
      heartbeatMs: 200,
      rebalanceTimeoutMs: 2_000,
      requestTimeoutMs: 700,
      socketFactory: cable.socketFactory,
    });
    const [name, group] = [unique('frozen'), unique('group')];
    await publisher.ensureTopics([topic(name, 4)]);
    const member = await Member.join(transport, group, [name]);
    const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
    // Frozen anew at each stage of connecting and joining, and thawed before, at and after each timeout.
    for (const [round, [frozenMs, betweenMs]] of FREEZES.entries()) {
      cable.freeze();
      await sleep(frozenMs);
      cable.thaw();
      await sleep(betweenMs);
      await publisher.publish(keys.map((key) => record(name, key, `${round}`)));
    }
    const expected = new Set(FREEZES.flatMap((_, round) => keys.map((key) => `${key}/${round}`)));
    const received = (): ReadonlySet<string> =>
      new Set(member.records.map(({ key, value }) => `${key}/${value?.toString()}`));
    await until(() => received().size === expected.size);

    const admin = new kafkajs.Kafka({ brokers, clientId: 'looks' }).admin();
    await admin.connect();
    const membersNow = async (): Promise<number> =>
      (await admin.describeGroups([group])).groups[0]?.members.length ?? 0;
    // What was joined in vain is left again, or its session runs out.
    const end = Date.now() + 20_000;
    while ((await membersNow()) !== 1 && Date.now() < end) await sleep(200);
    expect(await membersNow()).toBe(1);
    await admin.disconnect();
    await Promise.all([transport.close(), publisher.close()]);
  }, 120_000);

  it('refuses options that cannot work', () => {
    expect(() => settingsOf({ brokers: [], clientId: 'x' })).toThrow(/at least one broker/);
    expect(() => settingsOf({ brokers: ['a:1'], clientId: 'x', heartbeatMs: 6_000 })).toThrow(/heartbeatMs/);
  });
});
