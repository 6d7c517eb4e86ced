import { afterAll, describe, expect, it } from 'vitest';
import type { IncomingRecord, OutgoingRecord } from './port.js';
import { type Harness, kafkaHarness, localHarness } from './testing/harness.js';
import { Member, record, topic, unique, until } from './testing/member.js';

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** What every reader is told of a record, however it came. */
const told = ({ topic: name, partition, offset, timestamp, key, headers, value }: IncomingRecord) => ({
  name,
  partition,
  offset,
  timestamp,
  key,
  headers,
  value,
});

describe.each([kafkaHarness(), localHarness()])('what a process itself writes on $name', (harness: Harness) => {
  afterAll(() => harness.close());

  const withTopic = async (partitions: number) => {
    const [transport, other] = await Promise.all([harness.connect(), harness.connect()]);
    const name = unique('handed');
    await transport.ensureTopics([topic(name, partitions)]);
    return { transport, other, name };
  };

  it('is handed over to its own readers, one object for all, as others read it', async () => {
    const { transport, other, name } = await withTopic(2);
    const [one, two, elsewhere] = await Promise.all([
      Member.join(transport, unique('one'), [name]),
      Member.join(transport, unique('two'), [name]),
      Member.join(other, unique('elsewhere'), [name]),
    ]);
    const members = [one, two, elsewhere];
    const headers = { ce_type: 'baton.test.v1', 'x-unicode': 'Ünïcødé 🚚', empty: '' };
    const publish = async (records: readonly OutgoingRecord[]) => {
      const count = one.records.length + records.length;
      await transport.publish(records);
      await until(() => members.every((member) => member.records.length >= count));
    };
    for (const round of numbers(30)) {
      await publish([
        record(name, `schlüssel-${round}`, `{"a":"¾ ${round}"}`, headers),
        record(name, 'empty', ''),
        record(name, 'key', `${round}`),
      ]);
    }
    const sorted = ({ records }: Member) =>
      records.toSorted((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
    expect(sorted(one).map(told)).toEqual(sorted(elsewhere).map(told));
    expect(sorted(two).map(told)).toEqual(sorted(elsewhere).map(told));
    const known = new Set(two.records);
    // A fetch that was under way may have brought the first ones.
    expect(one.records.filter((each) => known.has(each)).length).toBeGreaterThan(one.records.length / 2);
    expect(elsewhere.records.some((each) => known.has(each))).toBe(false);
  });

  it('comes once and in its place, with what others write in between', async () => {
    const { transport, other, name } = await withTopic(1);
    const member = await Member.join(transport, unique('group'), [name]);
    const write = async (by: typeof transport, who: string) => {
      for (const round of numbers(60)) await by.publish(numbers(5).map((n) => record(name, who, `${round}-${n}`)));
    };
    await Promise.all([write(transport, 'own'), write(other, 'foreign')]);
    await until(() => member.records.length >= 600);
    expect(member.records.map(({ offset }) => Number(offset))).toEqual(numbers(600));
    for (const who of ['own', 'foreign']) {
      expect(member.records.filter(({ key }) => key === who).map(({ value }) => value?.toString())).toEqual(
        numbers(60).flatMap((round) => numbers(5).map((n) => `${round}-${n}`)),
      );
    }
  });

  it('does not hold up what others write, however much it is', async () => {
    const { transport, other, name } = await withTopic(1);
    const member = await Member.join(transport, unique('group'), [name]);
    let isWriting = true;
    const writing = (async () => {
      while (isWriting) await transport.publish([record(name, 'own', 'again')]);
    })();
    await until(() => member.records.length > 100);
    await other.publish([record(name, 'foreign', 'hello')]);
    await until(() => member.records.some(({ key }) => key === 'foreign'));
    isWriting = false;
    await writing;
  });
});
