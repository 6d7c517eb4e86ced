import { randomUUID } from 'node:crypto';
import { Client, Pool, type QueryResultRow } from 'pg';
import { prepareSchema } from './local-schema.js';

/** Longer than any statement of ours takes; a database that is silent for this long is away. */
const QUERY_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Consumers share these; each has one statement at a time, and they take a millisecond or two. */
const READERS = 4;

/** The connections of one transport: one that writes records, a few for everything else. */
export class LocalDatabase {
  /** Tells its own writes from those of others. */
  readonly writer = randomUUID();
  readonly #writer: Pool;
  readonly #others: Pool;

  constructor(
    private readonly url: string,
    readonly schema: string,
  ) {
    const common = {
      connectionString: url,
      application_name: `baton ${schema}`,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      idleTimeoutMillis: 60_000,
    };
    this.#writer = new Pool({ ...common, max: 1 });
    // Committed offsets and heartbeats need not survive a crash of Postgres: they are repeated or taken again.
    this.#others = new Pool({ ...common, max: READERS, options: '-c synchronous_commit=off' });
    // Without a listener the loss of an idle connection would end the process; the next statement reports it.
    this.#writer.on('error', () => {});
    this.#others.on('error', () => {});
  }

  async prepare(): Promise<void> {
    const client = this.connection();
    client.on('error', () => {});
    await client.connect();
    try {
      await prepareSchema(client, this.schema);
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** A connection of its own, not yet connected; the caller ends it. */
  connection(): Client {
    return new Client({
      connectionString: this.url,
      application_name: `baton ${this.schema}`,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    });
  }

  /** One statement, durable when it resolves. */
  async write<Row extends QueryResultRow>(sql: string, params: readonly unknown[]): Promise<readonly Row[]> {
    return (await this.#writer.query<Row>(sql, [...params])).rows;
  }

  async query<Row extends QueryResultRow>(sql: string, params: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.#others.query<Row>(sql, [...params])).rows;
  }

  async close(): Promise<void> {
    await Promise.all([this.#writer.end(), this.#others.end()]);
  }
}
