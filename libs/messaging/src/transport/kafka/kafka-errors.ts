/**
 * kafkajs' error classes cannot be imported by name from ESM (a spread hides them from Node), so errors are told by
 * their names and fields.
 */
interface ProtocolError extends Error {
  /** Kafka's own name of the error, such as UNKNOWN_TOPIC_OR_PARTITION. */
  readonly type: string;
  readonly retriable: boolean;
}

const isProtocolError = (error: unknown): error is ProtocolError =>
  error instanceof Error && 'type' in error && typeof error.type === 'string' && 'retriable' in error;

/** kafkajs wraps errors in errors; the innermost says what happened. */
function rootCause(error: unknown): unknown {
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

/** A request that nothing answered, as kafkajs would say it of a connection. */
export function noAnswer(request: string): Error {
  const error = new Error(`${request} got no answer`);
  error.name = 'KafkaJSConnectionError';
  return error;
}

/** The cluster, or the part that was asked, is not there or not ready: time cures it. */
export function isAway(error: unknown): boolean {
  const cause = rootCause(error);
  if (!(cause instanceof Error)) return false;
  return AWAY.has(cause.name) || (isProtocolError(cause) && cause.retriable && !isMissingTopic(cause));
}

/** The answer will be the same until somebody changes something: authorization, a wrong setting, a bug. */
export function isPermanent(error: unknown): boolean {
  const cause = rootCause(error);
  return !isAway(error) && !(isProtocolError(cause) && cause.retriable);
}

function isMissingTopic(error: unknown): boolean {
  const cause = rootCause(error);
  return isProtocolError(cause) && cause.type === 'UNKNOWN_TOPIC_OR_PARTITION';
}

/** The records themselves were refused: too large, not allowed, no such topic. */
export const isRefused = (error: unknown): boolean => isProtocolError(rootCause(error)) && !isAway(error);
