import type { Kafka } from 'kafkajs';
import { describe, expect, it, vi } from 'vitest';
import { Outage } from '../delivery/outage.js';
import { silent } from '../delivery/logger.js';
import { record } from '../testing/member.js';
import { KafkaAdmin } from './kafka-admin.js';
import { isAway } from './kafka-errors.js';
import { settingsOf } from './kafka-options.js';
import { KafkaProducer } from './kafka-producer.js';
import type { SentTopic } from './kafka-records.js';
import { Pulse } from './pulse.js';

const never = new Promise<never>(() => {});

/** Settings whose clients are made up: the first does `first`, all later ones work. */
const settingsWith = (made: object[], part: 'admin' | 'producer', first: object, works: object) => ({
  ...settingsOf({ brokers: ['nowhere:1'], clientId: 'test' }),
  silenceMs: 40,
  client: () =>
    ({
      [part]: () => {
        const one = made.length === 0 ? first : works;
        made.push(one);
        return one;
      },
    }) as unknown as Kafka,
});

describe('what shows no sign of life', () => {
  it('is given up, as if a connection had been lost', async () => {
    const error = await new Pulse(40).watch('a question', never).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: 'a question got no answer' });
    expect(isAway(error)).toBe(true);
  });

  it('is given up also where the clock is set back meanwhile', async () => {
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 0, 2));
    const given = new Pulse(40).watch('a question', never).catch((reason: unknown) => reason);
    now.mockReturnValue(Date.UTC(2026, 0, 1));
    expect(await given).toMatchObject({ message: 'a question got no answer' });
    now.mockRestore();
  });

  it('is waited for as long as it is heard of', async () => {
    const pulse = new Pulse(80);
    const beats = setInterval(() => pulse.beat(), 10);
    const work = new Promise<string>((resolve) => setTimeout(resolve, 300, 'done'));
    expect(await pulse.watch('work', work)).toBe('done');
    clearInterval(beats);
  });

  it.each([
    ['never answers', (): Promise<unknown> => never],
    ['is broken for good', (): Promise<unknown> => Promise.reject(new Error('Broker not connected'))],
  ])('as a client that %s, it is replaced for the next question about offsets', async (_, describeCluster) => {
    const made: object[] = [];
    const common = { connect: async () => {}, disconnect: async () => {} };
    const broken = { ...common, describeCluster };
    const works = { ...common, describeCluster: async () => ({}) };
    const admin = new KafkaAdmin(settingsWith(made, 'admin', broken, works));
    await expect(admin.probe()).rejects.toThrow();
    await admin.probe();
    await admin.probe();
    expect(made).toEqual([broken, works]);
  });

  it.each([
    ['connects', { connect: () => never }],
    ['sends', { sendBatch: () => never }],
  ])('as a producer that never %s, it is replaced for the next batch', async (_, broken) => {
    const made: object[] = [];
    const works = {
      events: {},
      on: () => {},
      connect: async () => {},
      disconnect: async () => {},
      sendBatch: async ({ topicMessages }: { topicMessages: readonly SentTopic[] }) => {
        for (const { messages } of topicMessages) for (const message of messages) message.partition = 0;
        return [{ topicName: 'topic', partition: 0, baseOffset: '0' }];
      },
    };
    const settings = settingsWith(made, 'producer', { ...works, ...broken }, works);
    const producer = new KafkaProducer(settings, new Outage('test', silent, isAway), new Set());
    const records = [record('topic', 'key', 'value')];
    await expect(producer.publish(records)).rejects.toThrow('got no answer');
    await producer.publish(records);
    expect(made.length).toBe(2);
  });
});
