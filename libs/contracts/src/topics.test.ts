import { expect, test } from 'vitest';
import { eventDefinitions, topicDeclarations, topics } from './index.js';
import { readers } from './readers.js';

test('every topic has partitions, a retention and events', () => {
  for (const topic of topicDeclarations) {
    expect(topic.partitions).toBeGreaterThanOrEqual(1);
    expect(topic.retentionMs).toBeGreaterThanOrEqual(24 * 60 * 60 * 1000);
    expect(eventDefinitions.some((event) => event.topic === topic.name)).toBe(true);
  }
});

test('a topic has one writer and one kind of key', () => {
  for (const event of eventDefinitions) {
    expect(event.writer, event.eventName).toBe(topics[event.topic].writer);
    expect(event.keyedBy, event.eventName).toBe(topics[event.topic].keyedBy);
  }
});

test('topic names are what Kafka accepts', () => {
  for (const { name } of topicDeclarations) expect(name).toMatch(/^[a-z][a-z0-9-]{0,248}$/);
});

test('only orders reads the intake, because strangers partition as they like', () => {
  const intake = eventDefinitions.filter(({ topic }) => topic === 'orders-intake');
  expect(intake.map(({ eventName }) => readers[eventName])).toEqual([['orders'], ['orders']]);
});

test('the list of readers names every event and nothing else', () => {
  const names = new Set(eventDefinitions.map(({ eventName }) => eventName));
  expect(Object.keys(readers).toSorted()).toEqual([...names].toSorted());
});
