import { KafkaJSProtocolError } from 'kafkajs';

/** kafkajs wraps errors in errors; the innermost says what happened. */
export function rootCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  return cause;
}

const AWAY = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSBrokerNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSTimeout',
  'KafkaJSLockTimeout',
]);

/** The cluster, or the part that was asked, is not there or not ready: time cures it. */
export function isAway(error: unknown): boolean {
  const cause = rootCause(error);
  if (!(cause instanceof Error)) return false;
  return AWAY.has(cause.name) || (cause instanceof KafkaJSProtocolError && cause.retriable && !isMissingTopic(cause));
}

/** The answer will be the same until somebody changes something: authorization, a wrong setting, a bug. */
export function isPermanent(error: unknown): boolean {
  const cause = rootCause(error);
  return !isAway(error) && !(cause instanceof KafkaJSProtocolError && cause.retriable);
}

export function isMissingTopic(error: unknown): boolean {
  const cause = rootCause(error);
  return cause instanceof KafkaJSProtocolError && cause.type === 'UNKNOWN_TOPIC_OR_PARTITION';
}

/** The records themselves were refused: too large, not allowed, no such topic. */
export const isRefused = (error: unknown): boolean =>
  rootCause(error) instanceof KafkaJSProtocolError && !isAway(error);
