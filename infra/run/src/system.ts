import type { Transport } from '@baton/messaging';

/** The whole system, however it runs. */
export interface System {
  /** Base address of the gateway. */
  readonly url: string;
  /** Where its Kafka listens, `host:port`, several with commas; none where topics are kept in Postgres. */
  readonly brokers?: string;
  /** Address of a service's database, for the audit. */
  databaseUrl(database: string): string;
  /** For publishing sample orders as a shop would. */
  readonly transport: Transport;
  /** Resolves with the reason when a part has died too often. */
  readonly gaveUp: Promise<Error>;
  /** Stops everything, the services before what they need. */
  stop(): Promise<void>;
}

/** Says something to whoever started the system; only what takes time or is worth knowing. */
export type Say = (line: string) => void;
