import type { TopicDeclaration } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { retentionOf } from './retention.js';
import { ConfigError } from './config.js';

const HOUR_MS = 3_600_000;
const topic = (name: string, days: number): TopicDeclaration => ({
  name,
  writer: 'anyone',
  keyedBy: 'order',
  partitions: 1,
  retentionMs: days * 24 * HOUR_MS,
  doc: 'A topic.',
});

describe('The_retention', () => {
  it('is as long as it is set', () => {
    expect(retentionOf({ ARCHIVE_AFTER_MINUTES: 60, RETENTION_DAYS: 90 })).toEqual({
      archiveAfterMs: HOUR_MS,
      retentionMs: 90 * 24 * HOUR_MS,
    });
  });

  it('is never shorter than that of the topic which keeps its records longest', () => {
    const topics = [topic('brief', 1), topic('long', 45), topic('middle', 7)];
    const wish = (days: number) => () => retentionOf({ ARCHIVE_AFTER_MINUTES: 0, RETENTION_DAYS: days }, topics);
    expect(wish(45)).not.toThrow();
    expect(wish(44)).toThrow(ConfigError);
    expect(wish(44)).toThrow(/RETENTION_DAYS is 44, but the topic long keeps its records for 45 days/);
  });

  it('is never shorter than an order may take, which needs its address until the end', () => {
    const wish = (days: number) => () =>
      retentionOf({ ARCHIVE_AFTER_MINUTES: 0, RETENTION_DAYS: days }, [topic('brief', 1)]);
    expect(wish(30)).not.toThrow();
    expect(wish(29)).toThrow(/RETENTION_DAYS is 29, .* says so every 10 days only/);
  });

  it('is refused for the real topics too', () => {
    expect(() => retentionOf({ ARCHIVE_AFTER_MINUTES: 0, RETENTION_DAYS: 1 })).toThrow(/RETENTION_DAYS is 1/);
  });
});
