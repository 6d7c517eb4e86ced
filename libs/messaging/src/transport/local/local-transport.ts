import type { TopicDeclaration } from '@baton/contracts';
import { patiently } from '../delivery/backoff.js';
import { defaultLimits } from '../delivery/lane.js';
import { silent, type TransportLogger } from '../delivery/logger.js';
import { Outage } from '../delivery/outage.js';
import type { Consumer, OutgoingRecord, Subscription, Transport } from '../port.js';
import { LocalConsumer, type LocalConsumerSettings } from './local-consumer.js';
import { LocalDatabase } from './local-database.js';
import { isAway } from './local-errors.js';
import type { LocalOptions } from './local-options.js';
import { LocalPublisher } from './local-publisher.js';
import { removeExpired } from './local-retention.js';
import { WakeUps } from './wake-ups.js';

const SCHEMA = /^[a-z_][a-z0-9_]{0,50}$/;

/** The transport on one Postgres (14 or newer), with the semantics of the Kafka adapter. */
export class LocalTransport implements Transport {
  readonly #publisher: LocalPublisher;
  readonly #wakeUps: WakeUps;
  readonly #consumers = new Set<LocalConsumer>();
  readonly #closing = new AbortController();
  readonly #retention: NodeJS.Timeout;
  #removing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly database: LocalDatabase,
    private readonly settings: LocalConsumerSettings,
    private readonly outage: Outage,
    private readonly logger: TransportLogger,
    retentionEveryMs: number,
  ) {
    this.#wakeUps = new WakeUps(database, outage);
    this.#publisher = new LocalPublisher(database, outage, this.#consumers);
    this.#retention = setInterval(() => {
      this.#removing = this.#removeExpired();
    }, retentionEveryMs).unref();
  }

  /**
   * Waits until Postgres answers, for as long as that takes or until `signal` is aborted, and makes the schema.
   * @throws at once if waiting cannot help: a refused password, no such database, a newer schema
   */
  static async connect(options: LocalOptions): Promise<LocalTransport> {
    const schema = options.schema ?? 'transport';
    if (!SCHEMA.test(schema)) throw new Error(`'${schema}' is no name for a schema: a-z, 0-9 and _, at most 51`);
    const { heartbeatMs = 1_000, sessionTimeoutMs = 10_000 } = options;
    if (heartbeatMs * 2 > sessionTimeoutMs) {
      throw new Error(
        'heartbeatMs must fit at least twice into sessionTimeoutMs, else one late heartbeat costs the group',
      );
    }
    const logger = options.logger ?? silent;
    const { host, pathname } = new URL(options.url);
    const outage = new Outage(`Postgres at ${host}${pathname}`, logger, isAway);
    const database = new LocalDatabase(options.url, schema);
    try {
      await patiently(() => database.prepare(), {
        giveUp: (error) => !isAway(error),
        onFailure: (error) => outage.failed('connect', error),
        signal: options.signal,
      });
    } catch (error) {
      await database.close();
      throw error;
    }
    outage.works('connect');
    const settings: LocalConsumerSettings = {
      leaseMs: sessionTimeoutMs,
      heartbeatMs,
      stuckAfterMs: options.stuckAfterMs ?? 60_000,
      limits: { ...defaultLimits, ...options.limits },
      logger,
    };
    return new LocalTransport(database, settings, outage, logger, options.retentionEveryMs ?? 60_000);
  }

  async ensureTopics(topics: readonly TopicDeclaration[], signal?: AbortSignal): Promise<void> {
    const { schema } = this.database;
    const made = await patiently(
      () =>
        this.database.query(
          `WITH made AS (
             INSERT INTO ${schema}.topics (name, partitions, retention_ms)
             SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS w (name, partitions, retention_ms)
             ORDER BY name ON CONFLICT DO NOTHING RETURNING name, partitions
           )
           INSERT INTO ${schema}.partitions (topic, partition)
           SELECT name, n FROM made, generate_series(0, partitions - 1) AS n RETURNING topic`,
          [
            topics.map(({ name }) => name),
            topics.map(({ partitions }) => partitions),
            topics.map(({ retentionMs }) => retentionMs),
          ],
        ),
      {
        giveUp: (error) => !isAway(error),
        onFailure: (error) => this.outage.failed('topics', error),
        signal: AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])]),
      },
    );
    this.outage.works('topics');
    if (made.length > 0) await this.#wakeUps.topicsChanged();
  }

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    return this.#publisher.publish(records);
  }

  async subscribe(subscription: Subscription): Promise<Consumer> {
    const consumer = new LocalConsumer(subscription, this.settings, this.database, this.#wakeUps, this.outage);
    this.#consumers.add(consumer);
    return consumer;
  }

  async close(): Promise<void> {
    clearInterval(this.#retention);
    this.#closing.abort();
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await Promise.all([this.#publisher.close(), this.#removing, this.#wakeUps.close()]);
    await this.database.close();
  }

  async #removeExpired(): Promise<void> {
    await this.#removing;
    try {
      let removed = 0;
      for (let now = -1; now !== 0 && !this.#closing.signal.aborted; removed += now) {
        now = await removeExpired(this.database);
      }
      if (removed > 0) this.logger.debug?.('removed chunks past their retention', { removed });
      this.outage.works('retention');
    } catch (error) {
      this.outage.failed('retention', error);
    }
  }
}
