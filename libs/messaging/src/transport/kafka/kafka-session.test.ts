import { expect, it } from 'vitest';
import type { KafkaSettings } from './kafka-options.js';
import { KafkaSession, type SessionHandlers } from './kafka-session.js';

/** A session whose kafkajs answers every request with this error. */
const sessionWith = (message: string): KafkaSession => {
  const refuse = (): never => {
    throw new Error(message);
  };
  const consumer = { pause: refuse, resume: refuse, seek: refuse };
  const settings = { client: () => ({ consumer: () => consumer }), silenceMs: 1_000 } as unknown as KafkaSettings;
  return new KafkaSession({ group: 'group', topics: ['topic'] }, settings, {} as SessionHandlers);
};

const partition = { topic: 'topic', partition: 0 };
const requests: readonly [string, (session: KafkaSession) => void][] = [
  ['pauses', (session) => session.pause([partition])],
  ['resumes', (session) => session.resume([partition])],
  ['seeks', (session) => session.seek({ ...partition, offset: 7n })],
];

it.each(requests)(
  'does nothing when it %s a partition of a group that kafkajs has left before it says so',
  (_, ask) => {
    expect(() =>
      ask(sessionWith('Consumer group was not initialized, consumer#run must be called first')),
    ).not.toThrow();
    expect(() => ask(sessionWith('Offset must not be a negative number'))).toThrow(/negative/);
  },
);
