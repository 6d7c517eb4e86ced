import { afterAll, describe, expect, it } from 'vitest';
import type { TopicPartition, Transport } from './port.js';
import { type Harness, type HarnessOptions, kafkaHarness, localHarness } from './testing/harness.js';
import { Member, record, topic, unique, until, valuesByKey } from './testing/member.js';

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** The partition numbers that a member holds, the same of every topic. */
function numbersHeld(member: Member, topics: readonly string[]): readonly number[] {
  const [first = [], ...others] = topics.map((name) =>
    [...member.held]
      .filter((key) => key.startsWith(`${name}/`))
      .map((key) => Number(key.slice(name.length + 1)))
      .toSorted((a, b) => a - b),
  );
  for (const other of others) expect(other).toEqual(first);
  return first;
}

describe.each([kafkaHarness(), localHarness()])('groups on $name', (harness: Harness) => {
  afterAll(() => harness.close());

  const withTopics = async (options: HarnessOptions = {}): Promise<{ transport: Transport; topics: string[] }> => {
    const transport = await harness.connect(options);
    const topics = [unique('groups-a'), unique('groups-b')];
    await transport.ensureTopics(topics.map((name) => topic(name, 4)));
    return { transport, topics };
  };

  const publishRound = (transport: Transport, topics: readonly string[], round: number): Promise<void> =>
    transport.publish(
      topics.flatMap((name) => numbers(40).map((index) => record(name, `${name}-${index}`, `${round}`))),
    );

  it('shares the partitions of a group among its members, when they come and when they leave', async () => {
    const { transport, topics } = await withTopics();
    const group = unique('group');
    const first = await Member.join(transport, group, topics);
    await until(() => first.held.size === 8);
    await publishRound(transport, topics, 0);
    await until(() => first.records.length >= 80);
    await first.consumer.commit(first.positions());

    const second = await Member.join(await harness.connect(), group, topics);
    await until(() => first.held.size === 4 && second.held.size === 4);
    expect(first.revocations.flat().length).toBeGreaterThan(0);
    expect([...numbersHeld(first, topics), ...numbersHeld(second, topics)].toSorted((a, b) => a - b)).toEqual([
      0, 1, 2, 3,
    ]);
    const before = first.records.length;
    await publishRound(transport, topics, 1);
    await until(() => first.records.length - before + second.records.length >= 80);
    expect(second.records.length).toBeGreaterThan(0);
    await first.consumer.commit(first.positions());
    await second.consumer.commit(second.positions());

    await second.consumer.stop();
    // Who leaves says so: nobody waits for its session to run out.
    await until(() => first.held.size === 8, harness.sessionTimeoutMs - 500);
    await publishRound(transport, topics, 2);
    await until(() => first.values.filter((value) => value === '2').length >= 80);
    const byKey = valuesByKey([...first.records, ...second.records]);
    expect(byKey.size).toBe(80);
    for (const values of byKey.values()) expect(values.toSorted()).toEqual(['0', '1', '2']);
    // What was committed is not delivered again.
    expect(first.records.length + second.records.length).toBe(240);
  });

  it('takes over from a member that dies without leaving', async () => {
    const { transport, topics } = await withTopics();
    const group = unique('group');
    const survivor = await Member.join(transport, group, topics);
    const { transport: doomed, cable } = await harness.connectByCable();
    const victim = await Member.join(doomed, group, topics);
    await until(() => survivor.held.size === 4 && victim.held.size === 4);
    await publishRound(transport, topics, 0);
    await until(() => survivor.records.length + victim.records.length >= 80);

    cable.cut();
    await publishRound(transport, topics, 1);
    await until(() => survivor.held.size === 8);
    await until(() => survivor.values.filter((value) => value === '1').length >= 80);
    const byKey = valuesByKey(survivor.records.filter(({ value }) => value?.toString() === '1'));
    expect(byKey.size).toBe(80);
    // It knows by itself that it holds nothing any more, without anybody having told it.
    await until(() => victim.held.size === 0);

    cable.mend();
    await until(() => survivor.held.size === 4 && victim.held.size === 4);
    await publishRound(transport, topics, 2);
    await until(() => [...survivor.values, ...victim.values].filter((value) => value === '2').length >= 80);
  });

  it('reads on when the server was away for longer than a session, and nobody else is in the group', async () => {
    const { transport: other, topics } = await withTopics();
    const { transport, cable } = await harness.connectByCable();
    const member = await Member.join(transport, unique('group'), topics);
    await until(() => member.held.size === 8);
    await publishRound(other, topics, 0);
    await until(() => member.records.length >= 80);

    cable.cut();
    await until(() => member.held.size === 0, harness.sessionTimeoutMs + 10_000);
    cable.mend();
    await publishRound(other, topics, 1);
    await until(() => member.values.filter((value) => value === '1').length >= 80);
    expect(member.held.size).toBe(8);
  });

  it('takes away by name what it was still asked about', async () => {
    const { transport, topics } = await withTopics();
    const group = unique('group');
    const asked: string[] = [];
    const revoked: string[] = [];
    const nameOf = ({ topic: name, partition }: TopicPartition): string => `${name}/${partition}`;
    const answer = Promise.withResolvers<[]>();
    const consumer = await transport.subscribe({
      group,
      topics,
      onAssigned: (ends) => {
        asked.push(...ends.map(nameOf));
        return answer.promise;
      },
      onRevoked: (partitions) => void revoked.push(...partitions.map(nameOf)),
      onRecords: () => Promise.resolve(),
    });
    await until(() => asked.length === 8);
    const second = await Member.join(await harness.connect(), group, topics);
    await until(() => second.held.size === 4);
    expect(revoked).toEqual(expect.arrayContaining([...second.held]));
    answer.resolve([]);
    await consumer.stop();
  });

  it('is patient while the server is away, says so once, and goes on', async () => {
    const lines: string[] = [];
    const logger = {
      info: (message: string) => void lines.push(message),
      warn: (message: string) => void lines.push(message),
    };
    const { topics } = await withTopics();
    const { transport, cable } = await harness.connectByCable({ logger });
    const member = await Member.join(transport, unique('group'), topics);
    await until(() => member.held.size === 8);
    await publishRound(transport, topics, 0);
    await until(() => member.records.length >= 80);
    await member.consumer.commit(member.positions());

    cable.cut();
    await expect(publishRound(transport, topics, 1)).rejects.toThrow();
    await expect(publishRound(transport, topics, 1)).rejects.toThrow();
    expect(member.consumer.healthy).toBe(true);
    cable.mend();
    await publishRound(transport, topics, 1);
    await until(() => member.values.filter((value) => value === '1').length >= 80);
    await until(() => lines.some((line) => line.endsWith('answers again')));
    expect(lines.filter((line) => line.includes('does not answer'))).toHaveLength(1);
    expect(lines.length).toBeLessThanOrEqual(4);
    for (const values of valuesByKey(member.records).values()) expect(values).toEqual(['0', '1']);
  });
});
