import kafkajs, { type ISocketFactory, type Kafka, type SASLOptions } from 'kafkajs';
import type { ConnectionOptions } from 'node:tls';
import { defaultLimits, type LaneLimits } from '../delivery/lane.js';
import { silent, type TransportLogger } from '../delivery/logger.js';

/** How Kafka is reached, and how patient its consumers are. */
export interface KafkaOptions {
  /** Where the cluster is found: `host:port`, one or more. */
  readonly brokers: readonly string[];
  /** Names this process in the broker's logs and quotas. */
  readonly clientId: string;
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: SASLOptions;
  readonly logger?: TransportLogger;
  /** How batches are compressed. Default none. */
  readonly compression?: 'none' | 'gzip';
  /**
   * A member of which nothing is heard for this long is out of its group, milliseconds. Default 8,000: longer than a busy
   * machine keeps a process from its heartbeats, and not longer, because nobody of the group goes on while one that was
   * killed, or that lost its broker, still counts as a member.
   */
  readonly sessionTimeoutMs?: number;
  /** Pause between heartbeats, milliseconds; a rebalance is noticed within it. Default 1,000. */
  readonly heartbeatMs?: number;
  /** How long members may take to join again in a rebalance, milliseconds. Default 30,000. */
  readonly rebalanceTimeoutMs?: number;
  /** A request without an answer has failed after this, milliseconds. Default 15,000. */
  readonly requestTimeoutMs?: number;
  /**
   * A consumer that has read nothing for this long, not even that there is nothing new, does not count as healthy,
   * milliseconds. Default 60,000.
   */
  readonly stuckAfterMs?: number;
  readonly limits?: Partial<LaneLimits>;
  /** Makes the connections' sockets, for proxies and tests. */
  readonly socketFactory?: ISocketFactory;
  /** Ends the waiting for a cluster that is not there yet. */
  readonly signal?: AbortSignal;
}

/** The options with every default in place. */
export interface KafkaSettings {
  readonly logger: TransportLogger;
  readonly compression: 'none' | 'gzip';
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Whatever of the client shows no sign of life for this long is given up for a new one, milliseconds. */
  readonly silenceMs: number;
  readonly stuckAfterMs: number;
  readonly limits: LaneLimits;
  /**
   * A client of its own for each producer and each member of a group: kafkajs keeps the committed offsets of a group
   * per client, where the rebalance of one member would clear what another one reads from.
   */
  readonly client: () => Kafka;
}

/** Fills in the defaults. Throws if the options cannot work. */
export function settingsOf(options: KafkaOptions): KafkaSettings {
  if (options.brokers.length === 0) throw new Error('KafkaTransport needs at least one broker (host:port)');
  const { sessionTimeoutMs = 8_000, heartbeatMs = 1_000 } = options;
  if (heartbeatMs * 2 > sessionTimeoutMs) {
    throw new Error(
      'heartbeatMs must fit at least twice into sessionTimeoutMs, else one late heartbeat costs the group',
    );
  }
  const logger = options.logger ?? silent;
  const { rebalanceTimeoutMs = 30_000, requestTimeoutMs = 15_000 } = options;
  return {
    logger,
    compression: options.compression ?? 'none',
    sessionTimeoutMs,
    heartbeatMs,
    rebalanceTimeoutMs,
    // A join may take as long as the slowest member's; after that, twice what a request may.
    silenceMs: rebalanceTimeoutMs + 2 * requestTimeoutMs,
    stuckAfterMs: options.stuckAfterMs ?? 60_000,
    limits: { ...defaultLimits, ...options.limits },
    client: () =>
      new kafkajs.Kafka({
        brokers: [...options.brokers],
        clientId: options.clientId,
        ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
        ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
        ...(options.socketFactory === undefined ? {} : { socketFactory: options.socketFactory }),
        connectionTimeout: 3_000,
        requestTimeout: requestTimeoutMs,
        // Short: what outlasts it is for the loops of this adapter, which have patience and say so once.
        retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 2 },
        logLevel: kafkajs.logLevel.WARN,
        // kafkajs says a broker that is away once per connection and attempt. Outage says it once.
        logCreator:
          () =>
          ({ namespace, label, log: { message, timestamp: _, ...details } }) =>
            logger.debug?.(`kafkajs ${label} ${namespace}: ${message}`, details),
      }),
  };
}
