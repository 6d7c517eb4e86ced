import { type TopicDeclaration, topicDeclarations } from '@baton/contracts';
import type { RetentionSettings } from '@baton/messaging';
import { type BaseConfig, ConfigError } from './config.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/**
 * How long an order may be under way and still find its address: a fortnight's backorder and all that follows, twice.
 * Addresses move into the archive long before their order ends.
 */
const LONGEST_WAY_DAYS = 30;

/**
 * How long everything is kept.
 * @throws ConfigError when a topic keeps its records for longer: one that is read again would find no record of its order
 *   and do everything once more; and when an order can take longer
 */
export const retentionOf = (
  { ARCHIVE_AFTER_MINUTES, RETENTION_DAYS }: Pick<BaseConfig, 'ARCHIVE_AFTER_MINUTES' | 'RETENTION_DAYS'>,
  topics: readonly TopicDeclaration[] = topicDeclarations,
): RetentionSettings => {
  const retentionMs = RETENTION_DAYS * DAY_MS;
  const longest = topics.toSorted((one, other) => other.retentionMs - one.retentionMs)[0];
  if (longest && retentionMs < longest.retentionMs) {
    throw new ConfigError(
      `RETENTION_DAYS is ${RETENTION_DAYS}, but the topic ${longest.name} keeps its records for ` +
        `${longest.retentionMs / DAY_MS} days: what is read again from there would find nothing that says it was done. ` +
        `Set RETENTION_DAYS to ${Math.ceil(longest.retentionMs / DAY_MS)} at least, or shorten the topic's retention.`,
    );
  }
  if (RETENTION_DAYS < LONGEST_WAY_DAYS) {
    throw new ConfigError(
      `RETENTION_DAYS is ${RETENTION_DAYS}, but an order can be under way for ${LONGEST_WAY_DAYS} days and needs its ` +
        `address until the end. Set RETENTION_DAYS to ${LONGEST_WAY_DAYS} at least.`,
    );
  }
  return { archiveAfterMs: ARCHIVE_AFTER_MINUTES * MINUTE_MS, retentionMs };
};
