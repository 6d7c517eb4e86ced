import { CONTINUED_EVERY_DAYS, type TopicDeclaration, topicDeclarations } from '@baton/contracts';
import type { RetentionSettings } from '@baton/messaging';
import { type BaseConfig, ConfigError } from './config.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/**
 * What is kept of an order must outlive more than one pause between two times that the order is said to be still under
 * way: addresses move into the archive long before their order ends, and one time may go unheard.
 */
const SHORTEST_DAYS = 3 * CONTINUED_EVERY_DAYS;

/**
 * How long everything is kept.
 * @throws ConfigError when a topic keeps its records for longer: one that is read again would find no record of its order
 *   and do everything once more; and when what an order still needs could go before anybody hears that it does
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
  if (RETENTION_DAYS < SHORTEST_DAYS) {
    throw new ConfigError(
      `RETENTION_DAYS is ${RETENTION_DAYS}, but an order that is under way says so every ${CONTINUED_EVERY_DAYS} days ` +
        `only, and needs its address until the end. Set RETENTION_DAYS to ${SHORTEST_DAYS} at least.`,
    );
  }
  return { archiveAfterMs: ARCHIVE_AFTER_MINUTES * MINUTE_MS, retentionMs };
};
