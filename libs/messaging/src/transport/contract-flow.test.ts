import { afterAll, describe, expect, it } from 'vitest';
import { partitionName } from './delivery/partition-name.js';
import type { IncomingRecord, Transport } from './port.js';
import { type Harness, type HarnessOptions, kafkaHarness, localHarness } from './testing/harness.js';
import { Member, record, topic, unique, until, valuesByKey } from './testing/member.js';

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

interface Case {
  readonly harness: Harness;
  /** What the process itself writes is handed over; what others write is fetched. */
  readonly writer: 'itself' | 'others';
}

const cases: readonly (Case & { readonly name: string })[] = [kafkaHarness, localHarness].flatMap((make) =>
  (['itself', 'others'] as const).map((writer) => {
    const harness = make();
    return { harness, writer, name: harness.name };
  }),
);

describe.each(cases)('delivery on $name of what is written by $writer', ({ harness, writer }: Case) => {
  afterAll(() => harness.close());

  const withTopic = async (
    partitions: number,
    options: HarnessOptions = {},
  ): Promise<{ transport: Transport; name: string; group: string; publish: Transport['publish'] }> => {
    const transport = await harness.connect(options);
    const other = writer === 'itself' ? transport : await harness.connect(options);
    const name = unique('flow');
    await transport.ensureTopics([topic(name, partitions)]);
    return { transport, name, group: unique('group'), publish: (records) => other.publish(records) };
  };

  it('delivers rejected records again, in order, while other partitions go on', async () => {
    const { transport, name, group, publish } = await withTopic(4);
    const calls: IncomingRecord[][] = [];
    let refusing = true;
    const member = await Member.join(transport, group, [name], {
      onRecords: async (records) => {
        if (records[0]?.partition !== 2) return;
        calls.push([...records]);
        if (refusing) throw new Error('not now');
      },
    });
    await publish(numbers(400).map((index) => record(name, `key-${index}`, `${index}`)));
    await until(() => calls.length >= 2 && new Set(member.records.map(partitionName)).size === 3);
    expect(member.records.some(({ partition }) => partition === 2)).toBe(false);
    expect(calls.map(([first]) => first?.offset)).toEqual(calls.map(() => 0n));
    refusing = false;
    await until(() => member.records.length >= 400);
    const offsets = member.records.filter(({ partition }) => partition === 2).map(({ offset }) => Number(offset));
    expect(offsets).toEqual(numbers(offsets.length));
    expect(member.records).toHaveLength(400);
  });

  it('has one call under way for a partition, and a full partition holds up no other', async () => {
    const { transport, name, group, publish } = await withTopic(4, { limits: { maxWaiting: 20, maxPerCall: 10 } });
    const underWay = new Map<string, number>();
    const most = new Map<string, number>();
    const sizes: number[] = [];
    const open = Promise.withResolvers<void>();
    const member = await Member.join(transport, group, [name], {
      onRecords: async (records) => {
        const [first] = records;
        if (first === undefined) return;
        const key = partitionName(first);
        const now = (underWay.get(key) ?? 0) + 1;
        underWay.set(key, now);
        most.set(key, Math.max(most.get(key) ?? 0, now));
        sizes.push(records.length);
        if (first.partition === 1) await open.promise;
        await new Promise((resolve) => setImmediate(resolve));
        underWay.set(key, now - 1);
      },
    });
    const rounds = numbers(30).map((round) =>
      numbers(40).map((index) => record(name, `key-${index}`, `${round}-${index}`)),
    );
    for (const round of rounds) await publish(round);
    const all = rounds.flat().length;
    await until(() => new Set(member.records.map(partitionName)).size === 3);
    const blockedSince = Date.now();
    await until(() =>
      valuesByKey(member.records)
        .values()
        .every((values) => values.length === 30),
    );
    // Longer than a member may be silent: it goes on telling that it lives.
    await until(() => Date.now() - blockedSince > harness.sessionTimeoutMs * 1.3);
    expect(member.revocations).toEqual([]);
    expect(member.records.some(({ partition }) => partition === 1)).toBe(false);
    open.resolve();
    await until(() => member.records.length >= all);
    expect(member.records).toHaveLength(all);
    for (const values of valuesByKey(member.records).values()) {
      expect(values.map((value) => Number.parseInt(value, 10))).toEqual(numbers(30));
    }
    expect([...most.values()]).toEqual([1, 1, 1, 1]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
  });

  it('delivers again from where it is told to seek, and forgets what was in flight', async () => {
    const { transport, name, group, publish } = await withTopic(1, { limits: { maxPerCall: 5 } });
    const seen: bigint[] = [];
    const held = Promise.withResolvers<void>();
    const member = await Member.join(transport, group, [name], {
      onRecords: async ([first]) => {
        if (first !== undefined) seen.push(first.offset);
        if (seen.length === 2) await held.promise;
      },
    });
    await publish(numbers(40).map((index) => record(name, 'key', `${index}`)));
    await until(() => seen.length >= 2);
    member.consumer.seek({ topic: name, partition: 0, offset: 2n });
    held.resolve();
    await until(() => member.values.at(-1) === '39');
    const offsets = member.records.map(({ offset }) => Number(offset));
    // The call under way ends, then everything from the offset on comes once more, without a gap.
    expect(offsets).toEqual([...numbers(10), ...numbers(38).map((index) => index + 2)]);

    member.consumer.seek({ topic: name, partition: 0, offset: 38n });
    await until(() => member.records.length >= offsets.length + 2);
    expect(member.records.slice(offsets.length).map(({ offset }) => Number(offset))).toEqual([38, 39]);
  });

  it('tells how many records wait', async () => {
    const { transport, name, group, publish } = await withTopic(2);
    const open = Promise.withResolvers<void>();
    const member = await Member.join(transport, group, [name], {
      onRecords: ([first]) => (first?.partition === 0 ? open.promise : Promise.resolve()),
    });
    await publish(numbers(100).map((index) => record(name, `key-${index}`, `${index}`)));
    await until(() => member.records.length > 0);
    const of = (partition: number): number => member.records.filter((one) => one.partition === partition).length;
    const lag = await member.consumer.lag();
    expect(lag.toSorted((a, b) => a.partition - b.partition)).toEqual([
      { topic: name, partition: 0, offset: 0n, lag: BigInt(100 - of(1)) },
      { topic: name, partition: 1, offset: BigInt(of(1)), lag: 0n },
    ]);
    open.resolve();
    await until(() => member.records.length >= 100);
    await until(() => of(0) > 0);
    expect((await member.consumer.lag()).map((one) => one.lag)).toEqual([0n, 0n]);
  });

  it('goes on from the committed offsets after a restart', async () => {
    const { transport, name, group, publish } = await withTopic(4);
    const first = await Member.join(transport, group, [name]);
    await publish(numbers(100).map((index) => record(name, `key-${index}`, `a${index}`)));
    await until(() => first.records.length >= 100);
    await first.consumer.commit(first.positions());
    await first.consumer.stop();
    await publish(numbers(100).map((index) => record(name, `key-${index}`, `b${index}`)));

    const other = await harness.connect();
    const second = await Member.join(other, group, [name]);
    await until(() => second.records.length >= 100);
    expect(second.values.toSorted()).toEqual(
      numbers(100)
        .map((index) => `b${index}`)
        .toSorted(),
    );
    // Nobody has committed those, so whoever comes next gets them again.
    await second.consumer.stop();
    const third = await Member.join(other, group, [name]);
    await until(() => third.records.length >= 100);
    expect(third.values.toSorted()).toEqual(second.values.toSorted());
  });

  it('prefers the answered offset to the committed one, also an older one', async () => {
    const { transport, name, group, publish } = await withTopic(1);
    const first = await Member.join(transport, group, [name]);
    await publish(numbers(10).map((index) => record(name, 'key', `${index}`)));
    await until(() => first.records.length >= 10);
    await first.consumer.commit(first.positions());
    await first.consumer.stop();
    const second = await Member.join(transport, group, [name], {
      onAssigned: async () => [{ topic: name, partition: 0, offset: 6n }],
    });
    await until(() => second.records.length >= 4);
    expect(second.values).toEqual(['6', '7', '8', '9']);
  });

  it('waits for the calls under way when it stops, delivers nothing after, and loses nothing', async () => {
    const { transport, name, group, publish } = await withTopic(2, { limits: { maxPerCall: 7 } });
    const open = Promise.withResolvers<void>();
    let calls = 0;
    const first = await Member.join(transport, group, [name], {
      onRecords: async () => {
        calls += 1;
        if (calls > 4) await open.promise;
      },
    });
    await publish(numbers(200).map((index) => record(name, `key-${index}`, `${index}`)));
    await until(() => calls >= 6);
    let stopped = false;
    const stopping = first.consumer.stop().then(() => {
      stopped = true;
    });
    // Time enough for another group to read everything, and it still waits for its calls.
    const onlooker = await Member.join(transport, unique('onlooker'), [name]);
    await until(() => onlooker.records.length >= 200);
    expect(stopped).toBe(false);
    const before = first.records.length;
    open.resolve();
    await stopping;
    expect(calls).toBe(6);
    expect(first.records.length).toBeGreaterThan(before);
    const after = first.records.length;

    const positions = first.positions();
    const second = await Member.join(transport, group, [name], { onAssigned: async () => positions });
    await until(() => second.records.length >= 200 - after);
    expect(first.records).toHaveLength(after);
    expect([...first.values, ...second.values].toSorted()).toEqual(numbers(200).map(String).toSorted());
  });
});
