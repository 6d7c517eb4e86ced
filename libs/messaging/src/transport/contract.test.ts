import { afterAll, describe, expect, it } from 'vitest';
import { partitionName } from './delivery/partition-name.js';
import { partitionOf } from './delivery/partitioner.js';
import type { IncomingRecord, Transport } from './port.js';
import { type Harness, kafkaHarness, localHarness } from './testing/harness.js';
import { Member, record, topic, unique, until, valuesByKey } from './testing/member.js';

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe.each([kafkaHarness(), localHarness()])('the transport on $name', (harness: Harness) => {
  afterAll(() => harness.close());

  const withTopics = async (count = 1, partitions = 4): Promise<{ transport: Transport; topics: string[] }> => {
    const transport = await harness.connect();
    const topics = numbers(count).map((index) => unique(`contract-${index}`));
    await transport.ensureTopics(topics.map((name) => topic(name, partitions)));
    return { transport, topics };
  };

  it('delivers the records of each key in the order in which they were published, whatever the partition', async () => {
    const { transport, topics } = await withTopics(2);
    const [first = '', second = ''] = topics;
    const member = await Member.join(transport, unique('group'), topics);
    const keys = numbers(60).map((index) => `order-${index}`);
    // Not awaited one by one: calls are written in the order in which they were made.
    await Promise.all(
      numbers(10).map((round) =>
        transport.publish(
          keys.flatMap((key) => [record(first, key, `${round}`), record(second, `${key}-of-second`, `${round}`)]),
        ),
      ),
    );
    await until(() => member.records.length >= 1_200);

    const byKey = valuesByKey(member.records);
    expect(byKey.size).toBe(120);
    for (const values of byKey.values()) expect(values).toEqual(numbers(10).map(String));
    for (const { topic: name, key = '', partition } of member.records) {
      expect({ name, key, partition }).toEqual({ name, key, partition: partitionOf(key, 4) });
    }
    const byPartition = Map.groupBy(member.records, partitionName);
    expect(byPartition.size).toBe(8);
    for (const records of byPartition.values()) {
      expect(records.map(({ offset }) => Number(offset))).toEqual(numbers(records.length));
    }
  });

  it('gives every group every record', async () => {
    const { transport, topics } = await withTopics();
    const [name = ''] = topics;
    const members = await Promise.all(
      numbers(3).map((index) => Member.join(transport, unique(`group-${index}`), topics)),
    );
    await transport.publish(numbers(50).map((index) => record(name, `key-${index}`, `${index}`)));
    await until(() => members.every(({ records }) => records.length >= 50));
    for (const { values } of members) {
      expect(values.toSorted()).toEqual(numbers(50).map(String).toSorted());
    }
  });

  it('carries headers and values as they are, up to a value of 1 MiB, and what a stranger left out', async () => {
    const { transport, topics } = await withTopics(1, 1);
    const [name = ''] = topics;
    const before = Date.now();
    const big = Buffer.alloc(1024 * 1024, 'é');
    const headers = { ce_type: 'baton.test.v1', 'x-unicode': 'Ünïcødé 🚚 日本', empty: '', constructor: 'own' };
    await transport.publish([
      record(name, 'schlüssel-🔑', '{"a":"¾"}', headers),
      record(name, 'empty', ''),
      record(name, 'big', big),
    ]);
    await harness.writeRaw({ topic: name, value: Buffer.from('no key') });
    await harness.writeRaw({ topic: name, key: 'no value' });
    const member = await Member.join(transport, unique('group'), topics);
    await until(() => member.records.length >= 5);

    const [unicode, empty, large, keyless, valueless] = member.records;
    expect(unicode).toMatchObject({ key: 'schlüssel-🔑', headers, value: Buffer.from('{"a":"¾"}'), offset: 0n });
    expect(Object.keys(unicode?.headers ?? {})).toEqual(Object.keys(headers));
    expect(unicode?.timestamp).toBeGreaterThan(before - 60_000);
    expect(unicode?.timestamp).toBeLessThan(Date.now() + 60_000);
    expect(empty).toMatchObject({ key: 'empty', headers: {}, value: Buffer.alloc(0) });
    expect(large?.value?.equals(big)).toBe(true);
    expect(keyless).toMatchObject({ key: undefined, value: Buffer.from('no key') });
    expect(valueless).toMatchObject({ key: 'no value', value: undefined });
  });

  it('publishes 5,000 records in one call', async () => {
    const { transport, topics } = await withTopics();
    const [name = ''] = topics;
    const member = await Member.join(transport, unique('group'), topics);
    // More than one fetch takes.
    const padding = 'x'.repeat(1_500);
    await transport.publish(numbers(5_000).map((index) => record(name, `key-${index % 97}`, `${index} ${padding}`)));
    await until(() => member.records.length >= 5_000);
    for (const [key, values] of valuesByKey(member.records)) {
      const first = Number(key.slice('key-'.length));
      expect(values.map((value) => Number.parseInt(value, 10))).toEqual(
        numbers(Math.ceil((5_000 - first) / 97)).map((round) => first + round * 97),
      );
    }
  });

  it('refuses a topic that does not exist, and nothing else with it', async () => {
    const { transport, topics } = await withTopics();
    const [name = ''] = topics;
    const [missing, present] = await Promise.allSettled([
      transport.publish([record(unique('missing'), 'key', 'value')]),
      transport.publish([record(name, 'key', 'value')]),
    ]);
    expect(missing.status).toBe('rejected');
    expect(present.status).toBe('fulfilled');
  });

  it('leaves a topic that exists as it is', async () => {
    const { transport, topics } = await withTopics(1, 3);
    const [name = ''] = topics;
    await transport.ensureTopics([topic(name, 8), topic(unique('another'), 1)]);
    const member = await Member.join(transport, unique('group'), topics);
    await until(() => member.held.size > 0);
    expect(member.held.size).toBe(3);
  });

  it('waits with making topics for a server that is away, until it is told to wait no longer', async () => {
    const { transport, cable } = await harness.connectByCable();
    cable.cut();
    const asked = new AbortController();
    const name = unique('in-vain');
    const given = transport.ensureTopics([topic(name, 1)], asked.signal).then(
      () => 'made',
      () => 'given up',
    );
    asked.abort();
    expect(await given).toBe('given up');
    cable.mend();
    await transport.ensureTopics([topic(name, 1)], AbortSignal.timeout(40_000));
  });

  it('begins to deliver a topic that is made after it was subscribed to', async () => {
    const transport = await harness.connect();
    const name = unique('late');
    const member = await Member.join(transport, unique('group'), [name]);
    await transport.ensureTopics([topic(name)]);
    await transport.publish([record(name, 'key', 'value')]);
    await until(() => member.records.length > 0);
    expect(member.consumer.healthy).toBe(true);
  });

  it('asks where to begin before it delivers, with the end offsets, and delivers nothing older', async () => {
    const { transport, topics } = await withTopics(2, 2);
    const [first = '', second = ''] = topics;
    const keys = numbers(40).map((index) => `key-${index}`);
    await transport.publish(keys.flatMap((key) => [record(first, key, key), record(second, key, key)]));
    const group = unique('group');
    const sizes = [0, 1].map((partition) => keys.filter((key) => partitionOf(key, 2) === partition).length);
    const started: IncomingRecord[] = [];
    const answered = Promise.withResolvers<void>();
    const member = await Member.join(transport, group, topics, {
      onAssigned: async () => {
        await answered.promise;
        return [
          { topic: first, partition: 0, offset: 3n },
          { topic: first, partition: 1, offset: BigInt(sizes[1] ?? 0) },
        ];
      },
      onRecords: async (records) => void started.push(...records),
    });
    await until(() => member.assignments.length > 0);
    const [ends = []] = member.assignments;
    expect(new Map(ends.map((end) => [partitionName(end), Number(end.offset)]))).toEqual(
      new Map(topics.flatMap((name) => sizes.map((size, partition) => [`${name}/${partition}`, size]))),
    );
    expect(new Set(ends.map(({ partitions }) => partitions))).toEqual(new Set([2]));
    // The group is joined and there is much to read, but nobody has said where to begin.
    expect(started).toEqual([]);
    answered.resolve();
    await until(() => member.records.length >= (sizes[0] ?? 0) - 3 + keys.length);
    await transport.publish(keys.map((key) => record(first, key, 'later')));
    await until(() => member.values.filter((value) => value === 'later').length >= keys.length);

    const offsets = Map.groupBy(member.records, partitionName);
    const offsetsOf = (name: string, partition: number): readonly number[] =>
      (offsets.get(`${name}/${partition}`) ?? []).map(({ offset }) => Number(offset));
    const upTo = (from: number, to: number): readonly number[] => numbers(to - from).map((index) => from + index);
    const [zero = 0, one = 0] = sizes;
    expect(offsetsOf(first, 0)).toEqual(upTo(3, 2 * zero));
    expect(offsetsOf(first, 1)).toEqual(upTo(one, 2 * one));
    expect(offsetsOf(second, 0)).toEqual(upTo(0, zero));
    expect(offsetsOf(second, 1)).toEqual(upTo(0, one));
  });

  it('offers an assignment again when it was not taken', async () => {
    const { transport, topics } = await withTopics(1, 1);
    const [name = ''] = topics;
    await transport.publish(numbers(3).map((index) => record(name, 'key', `${index}`)));
    let asked = 0;
    const member = await Member.join(transport, unique('group'), topics, {
      onAssigned: async () => {
        asked += 1;
        if (asked === 1) throw new Error('the database is away');
        return [{ topic: name, partition: 0, offset: 2n }];
      },
    });
    await until(() => member.records.length > 0);
    expect(member.values).toEqual(['2']);
  });

  it('offers an assignment again with the ends as they are then', async () => {
    const { transport, topics } = await withTopics(1, 1);
    const [name = ''] = topics;
    const publish = (value: string): Promise<void> => transport.publish([record(name, 'key', value)]);
    await publish('before');
    const ends: (bigint | undefined)[] = [];
    const member = await Member.join(transport, unique('group'), topics, {
      onAssigned: async ([end]) => {
        ends.push(end?.offset);
        if (end?.offset === 2n) return [{ topic: name, partition: 0, offset: 2n }];
        if (ends.length === 1) await publish('in between');
        throw new Error('newer ends have to tell');
      },
    });
    await until(() => member.held.size > 0);
    expect(ends).toEqual([1n, 2n]);
    // It begins where the last answer said.
    await publish('later');
    await until(() => member.records.length > 0);
    expect(member.values).toEqual(['later']);
  });

  it('goes back to the beginning of what there is when the answered offset does not exist', async () => {
    const { transport, topics } = await withTopics(1, 1);
    const [name = ''] = topics;
    await transport.publish(numbers(3).map((index) => record(name, 'key', `${index}`)));
    const member = await Member.join(transport, unique('group'), topics, {
      onAssigned: async () => [{ topic: name, partition: 0, offset: 17n }],
    });
    await until(() => member.records.length >= 3);
    expect(member.values).toEqual(['0', '1', '2']);
  });
});
