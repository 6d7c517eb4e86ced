import { gzipSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import { describe, expect, it, vi } from 'vitest';
import { Member, record, topic, unique, until } from '../testing/member.js';
import { partitionOf } from '../delivery/partitioner.js';
import { KafkaAdmin } from './kafka-admin.js';
import { type KafkaOptions, settingsOf } from './kafka-options.js';
import { requestsOf, type SentTopic, writtenRuns } from './kafka-records.js';
import { KafkaTransport } from './kafka-transport.js';

const brokers = (): string[] => (process.env['BATON_TEST_KAFKA'] ?? '').split(',');
const connect = (clientId: string, options: Partial<KafkaOptions> = {}): Promise<KafkaTransport> =>
  KafkaTransport.connect({ brokers: brokers(), clientId, ...options });

/** Deletes a topic; gives the client that has seen it go. */
const deleted = async (name: string): Promise<kafkajs.Admin> => {
  const admin = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [name] });
  await vi.waitUntil(async () => !(await admin.listTopics()).includes(name), { timeout: 40_000 });
  return admin;
};

describe('what is particular to Kafka', () => {
  it('is one produce request, and more only where a batch could be too large for a broker', () => {
    const small = Array.from({ length: 100 }, (_, index) => record(`topic-${index % 3}`, 'key', `${index}`));
    expect(requestsOf(small, 0)).toHaveLength(1);
    const large = Array.from({ length: 5 }, (_, index) => record('topic', `key-${index}`, Buffer.alloc(400_000)));
    expect(
      requestsOf([...large, ...small], 0).map((request) => request.map(({ messages }) => messages.length)),
    ).toEqual([[2], [2], [1, 34, 33, 33]]);
    // One record that is too large by itself is for the broker to refuse.
    expect(requestsOf([record('topic', 'key', Buffer.alloc(3_000_000)), ...small], 0)).toHaveLength(1);
  });

  describe('what the cluster says it has written', () => {
    const sent = (): SentTopic[] => {
      const [request = []] = requestsOf(
        ['a', 'b', 'c'].map((value) => record('topic', value, value)),
        7,
      );
      request[0]?.messages.forEach((message, index) => (message.partition = index % 2));
      return request;
    };
    const answer = (partition: number, more: object = {}) => ({
      topicName: 'topic',
      partition,
      errorCode: 0,
      baseOffset: '40',
      ...more,
    });
    const told = (request: SentTopic[], answers: Parameters<typeof writtenRuns>[1]) =>
      writtenRuns(request, answers, 7).map(({ partition, base, writtenAt, records }) => [
        partition,
        base,
        writtenAt,
        records.map(({ key }) => key).join(''),
      ]);

    it('is where each record lies, and since when', () => {
      expect(told(sent(), [answer(1), answer(0, { logAppendTime: '-1' })])).toEqual([
        [0, 40n, 7, 'ac'],
        [1, 40n, 7, 'b'],
      ]);
      expect(told(sent(), [answer(0, { logAppendTime: '9' }), answer(1)])[0]).toEqual([0, 40n, 9, 'ac']);
    });

    it('must be said of every partition, for else it may not have been written', () => {
      expect(() => told(sent(), [answer(0)])).toThrow(/did not say whether it has written to partition 1 of topic/);
    });

    it('tells nothing of what was written before, or may lie in several partitions', () => {
      expect(told(sent(), [answer(0, { baseOffset: '-1' }), answer(1)])).toEqual([[1, 40n, 7, 'b']]);
      const moved = sent();
      for (const message of moved[0]?.messages ?? []) message.moved = true;
      expect(told(moved, [answer(0), answer(1)])).toEqual([]);
    });
  });

  it('reads what was compressed', async () => {
    const transport = await connect('compressed', { compression: 'gzip' });
    const name = unique('gzip');
    await transport.ensureTopics([topic(name, 2)]);
    const member = await Member.join(transport, unique('group'), [name]);
    await transport.publish(Array.from({ length: 100 }, (_, index) => record(name, `key-${index}`, `${index}`)));
    await until(() => member.records.length >= 100);
    await transport.close();
  });

  it.each(['anyone', 'orders'])(
    'reads what a stranger has compressed with zstd, on a topic that %s writes',
    async (writer) => {
      const transport = await connect('reader');
      const name = unique('stranger');
      await transport.ensureTopics([{ ...topic(name, 1), writer }]);
      const member = await Member.join(transport, unique('group'), [name]);
      const stranger = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).producer();
      await stranger.connect();
      const messages = [{ key: 'key', value: 'v'.repeat(500) }];
      await stranger.send({ topic: name, compression: kafkajs.CompressionTypes.ZSTD, messages });
      await stranger.disconnect();
      await until(() => member.values.includes('v'.repeat(500)));
      await transport.close();
    },
  );

  /** Snappy's format for what is written as it is: its length, then one literal. */
  const snappy = (bytes: Buffer): Buffer => {
    const head = Buffer.from([0x80 | (bytes.length & 0x7f), bytes.length >> 7, 61 << 2, 0, 0]);
    head.writeUInt16LE(bytes.length - 1, 3);
    return Buffer.concat([head, bytes]);
  };
  const { Snappy, GZIP } = kafkajs.CompressionTypes;

  it.each([
    ['packed in a way that nobody here knows', Snappy, snappy, 500, 'Snappy compression not implemented'],
    ['too large once it is unpacked', GZIP, gzipSync, 100_000_000, 'Cannot create a Buffer larger than'],
  ] as const)(
    'goes on after a batch of a stranger that is %s, and says so of each record',
    async (_, type, pack, size, why) => {
      const transport = await connect('reader');
      const name = unique('stranger');
      await transport.ensureTopics([topic(name, 1)]);
      const member = await Member.join(transport, unique('group'), [name]);
      const codecs = kafkajs.CompressionCodecs;
      const known = codecs[type];
      const stranger = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).producer();
      await stranger.connect();
      codecs[type] = () => ({
        compress: async ({ buffer }: { readonly buffer: Buffer }) => pack(buffer),
        decompress: (bytes: Buffer) => known().decompress(bytes),
      });
      const messages = [{ value: Buffer.alloc(size, 'v') }, { value: 'small' }];
      await stranger.send({ topic: name, compression: type, messages });
      codecs[type] = known;
      await stranger.disconnect();
      await transport.publish([record(name, 'key', 'after')]);
      await until(() => member.values.includes('after'));
      expect(member.records.map(({ offset }) => offset)).toEqual([0n, 1n, 2n]);
      const told = member.records.map(({ unreadable }) => unreadable);
      expect(told).toEqual([expect.stringContaining(why), expect.stringContaining(why), undefined]);
      await transport.close();
    },
  );

  it('has topics that strangers write kept in a form that can be read, whatever they compress with', async () => {
    const transport = await connect('maker');
    const [own, intake] = [unique('own'), unique('intake')];
    await transport.ensureTopics([topic(own, 1), { ...topic(intake, 1), writer: 'anyone' }]);
    const admin = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [own, intake].map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
    });
    await admin.disconnect();
    await transport.close();
    const compression = resources.map(({ resourceName, configEntries }) => [
      resourceName,
      configEntries.find(({ configName }) => configName === 'compression.type')?.configValue,
    ]);
    expect(Object.fromEntries(compression)).toEqual({ [own]: 'producer', [intake]: 'gzip' });
  });

  it('lets the broker gather what is for a patient reader', async () => {
    const transport = await connect('patient');
    const shop = await connect('shop');
    const name = unique('patient');
    await transport.ensureTopics([topic(name, 1)]);
    const deliveries: number[] = [];
    await Member.join(transport, unique('group'), [name], {
      patienceMs: 500,
      onRecords: (records) => {
        deliveries.push(records.length);
        return Promise.resolve();
      },
    });
    await shop.publish([record(name, 'key', 'first')]);
    await until(() => deliveries.length === 1);
    const begun = performance.now();
    for (let index = 0; index < 20; index += 1) await shop.publish([record(name, 'key', `${index}`)]);
    await until(() => deliveries.reduce((sum, count) => sum + count, 0) === 21);
    // One for each half second, those at both ends, and the first.
    expect(deliveries.length).toBeLessThanOrEqual(3 + (performance.now() - begun) / 500);
    await Promise.all([transport.close(), shop.close()]);
  });

  it('lets records gather for a moment while many come', async () => {
    const transport = await connect('busy');
    const shop = await connect('busy-shop');
    const name = unique('busy');
    await transport.ensureTopics([topic(name, 1)]);
    const times: number[] = [];
    let count = 0;
    await Member.join(transport, unique('group'), [name], {
      onRecords: (records) => {
        times.push(performance.now());
        count += records.length;
        return Promise.resolve();
      },
    });
    const several = (round: number) => Array.from({ length: 8 }, (_, n) => record(name, `key-${n}`, `${round}`));
    for (let round = 0; round < 100; round += 1) await shop.publish(several(round));
    await until(() => count === 800);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // A timer may be early by less than a millisecond.
    expect(Math.min(...gaps)).toBeGreaterThan(11);
    await Promise.all([transport.close(), shop.close()]);
  });

  it.each([
    ['at once', () => true],
    ['once it is missed', ({ held }: Member) => held.size === 0],
  ])('asks anew where to begin when a topic that is read is deleted and made anew, %s', async (_, isTime) => {
    const transport = await connect('reader');
    const name = unique('anew');
    await transport.ensureTopics([topic(name, 1)]);
    const member = await Member.join(transport, unique('group'), [name]);
    await transport.publish(['old 0', 'old 1', 'old 2'].map((value) => record(name, 'key', value)));
    await until(() => member.records.length === 3);
    await (await deleted(name)).disconnect();
    await until(() => isTime(member));
    // By a client of its own, as a service that starts has it: kafkajs' asks for the topics it knows before it makes any.
    const another = await connect('starter');
    await another.ensureTopics([topic(name, 1)]);
    await another.publish([record(name, 'key', 'new 0')]);
    await until(() => member.records.length === 4);
    expect(member.records.at(-1)).toMatchObject({ offset: 0n, value: Buffer.from('new 0') });
    expect(member.revocations.length).toBeGreaterThan(0);
    expect(member.assignments.length).toBeGreaterThan(1);
    await another.close();
    await transport.close();
  });

  it('asks anew where to begin when its own process writes to a topic that was made anew, and comes to the old end', async () => {
    const transport = await connect('writer');
    const name = unique('grown');
    await transport.ensureTopics([topic(name, 1)]);
    const member = await Member.join(transport, unique('group'), [name]);
    const write = (prefix: string, count: number) =>
      transport.publish(Array.from({ length: count }, (_, n) => record(name, 'key', `${prefix} ${n}`)));
    await write('old', 3);
    await until(() => member.records.length === 3);
    const admin = await deleted(name);
    await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: true });
    await admin.disconnect();
    await vi.waitUntil(
      () =>
        write('new', 3).then(
          () => true,
          () => false,
        ),
      { timeout: 40_000 },
    );
    await write('more', 2);
    await until(() => member.values.includes('more 1'));
    expect(new Set(member.values.slice(3))).toEqual(new Set(['new 0', 'new 1', 'new 2', 'more 0', 'more 1']));
    await transport.close();
  });

  it('asks anew where to begin when the broker has not what is to be read next', async () => {
    const transport = await connect('beyond');
    const name = unique('beyond');
    await transport.ensureTopics([topic(name, 1)]);
    const member = await Member.join(transport, unique('group'), [name]);
    await transport.publish([record(name, 'key', '0'), record(name, 'key', '1')]);
    await until(() => member.records.length === 2);
    member.consumer.seek({ topic: name, partition: 0, offset: 17n });
    await until(() => member.records.length === 4);
    expect(member.values).toEqual(['0', '1', '0', '1']);
    expect(member.assignments.at(-1)).toEqual([{ topic: name, partition: 0, first: 0n, offset: 2n, partitions: 1 }]);
    expect(member.assignments).toHaveLength(2);
    expect(member.revocations).toHaveLength(1);
    await transport.close();
  });

  it('has read to the end where a stranger writes with transactions, whatever they leave between records', async () => {
    const transport = await connect('reader');
    const [name, group] = [unique('transactions'), unique('group')];
    await transport.ensureTopics([topic(name, 3)]);
    const stranger = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).producer({
      transactionalId: unique('id'),
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await stranger.connect();
    const write = async (partition: number, end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await stranger.transaction();
      await transaction.send({ topic: name, messages: [{ partition, key: 'key', value: end }] });
      await transaction[end]();
    };
    const member = await Member.join(transport, group, [name]);
    const read = async (...ends: readonly bigint[]): Promise<void> => {
      const expected = ends.map((offset, partition) => ({ topic: name, partition, offset, lag: 0n }));
      await vi.waitFor(async () => expect(await member.consumer.lag()).toEqual(expected), { timeout: 20_000 });
    };
    await until(() => member.held.size === 3);
    await write(0, 'commit');
    await write(1, 'abort');
    await read(2n, 2n, 0n);
    await write(1, 'commit');
    await write(0, 'abort');
    await read(4n, 4n, 0n);
    // What comes next is delivered, also by way of this process.
    const key = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].find((one) => partitionOf(one, 3) === 0) ?? '';
    await transport.publish([record(name, key, 'own')]);
    await write(0, 'commit');
    await read(7n, 4n, 0n);
    expect(member.values).toEqual(['commit', 'commit', 'own', 'commit']);
    await transport.close();
    await stranger.disconnect();
  });

  it('counts what a stranger has put into headers as well', async () => {
    const transport = await connect('reader');
    const name = unique('headers');
    await transport.ensureTopics([topic(name, 1)]);
    const member = await Member.join(transport, unique('group'), [name]);
    await transport.publish([record(name, 'key', 'body', { large: 'x'.repeat(50_000) })]);
    const other = await connect('other');
    await other.publish([record(name, 'key', 'body', { large: 'x'.repeat(50_000) })]);
    await until(() => member.records.length === 2);
    expect(member.records.at(-1)?.bytes).toBeGreaterThan(50_000);
    expect(member.records.at(-1)?.bytes).toBeLessThan(51_000);
    await Promise.all([transport.close(), other.close()]);
  });

  it('tells how many partitions a topic has by now, also of one that it knew with less', async () => {
    const admin = new KafkaAdmin(settingsOf({ brokers: brokers(), clientId: 'counts' }));
    const name = unique('counted');
    await admin.ensureTopics([topic(name, 2)]);
    const known = async () => (await admin.states(unique('group'), [{ topic: name, partition: 0 }]))[0]?.partitions;
    expect(await known()).toBe(2);
    const other = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).admin();
    await other.connect();
    await other.createPartitions({ topicPartitions: [{ topic: name, count: 3 }] });
    await other.disconnect();
    await vi.waitUntil(async () => (await known()) === 3, { timeout: 10_000 });
    await admin.close();
  });

  it('refuses options that cannot work', () => {
    expect(() => settingsOf({ brokers: [], clientId: 'x' })).toThrow(/at least one broker/);
    expect(() => settingsOf({ brokers: ['a:1'], clientId: 'x', heartbeatMs: 6_000 })).toThrow(/heartbeatMs/);
  });
});
