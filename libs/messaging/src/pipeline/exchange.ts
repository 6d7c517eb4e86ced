import pg from 'pg';
import { prepareValue } from 'pg/lib/utils.js';

/** A statement that is sent, and whoever waits for its rows. */
interface Statement {
  readonly text: string;
  readonly params: readonly unknown[];
  /** Under which it is prepared, once for a connection; without, it is planned each time. */
  readonly name: string | undefined;
  readonly resolve: (result: { readonly rows: unknown[][] }) => void;
  readonly reject: (error: unknown) => void;
  readonly rows: unknown[][];
  parsers: Parsers;
}

/** How the values of a row are read; filled when Postgres describes them, which it does once for a prepared statement. */
interface Parsers {
  of: readonly ((text: string) => unknown)[];
}

interface Field {
  readonly dataTypeID: number;
  readonly format: 'text' | 'binary';
}

/** What pg's connections can do, in so far as it is used here; its own types are of a version long ago. */
interface Connection {
  parse(statement: { readonly text: string; readonly name?: string | undefined }): void;
  bind(values: {
    readonly statement?: string | undefined;
    readonly values: readonly unknown[];
    readonly valueMapper: (value: unknown) => unknown;
  }): void;
  describe(what: { readonly type: 'P' }): void;
  execute(portal: object): void;
  sync(): void;
  readonly stream: { cork(): void; uncork(): void };
}

/** Postgres' type ids of the two kinds of timestamps. */
const TIMESTAMPS = new Set<number>([pg.types.builtins.TIMESTAMP, pg.types.builtins.TIMESTAMPTZ]);

/** A moment as Postgres writes it to milliseconds where its time zone is UTC, as it is for units of work. */
const UTC_MILLISECONDS = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+00$/;

/** ISO 8601 in UTC. What is not written as nearly all are is parsed, which takes fifty times as long. */
const momentOf = (text: string): string =>
  UTC_MILLISECONDS.test(text) ? `${text.slice(0, 10)}T${text.slice(11, 23)}Z` : new Date(text).toISOString();

/** How a value is read: states hold moments as ISO 8601 text, as events do. */
export const parserOf = (oid: number, format: 'text' | 'binary' = 'text'): ((text: string) => unknown) =>
  TIMESTAMPS.has(oid) ? momentOf : (pg.types.getTypeParser(oid, format) as (text: string) => unknown);

/** What each connection has prepared, by name. */
const prepared = new WeakMap<Connection, Map<string, Parsers>>();

/**
 * Statements that share a round trip: they leave in one write, and Postgres answers them together. pg's own queries are
 * answered one by one, each with a message of its own that wakes this process, which costs both sides more than running
 * the statements of a small unit of work.
 *
 * The first error is that of all statements after it, which Postgres then skips. What it says of prepared ones is not
 * known then either: the connection must be closed.
 */
export class Exchange extends pg.Query {
  private readonly statements: Statement[] = [];
  /** The one whose answer comes next. */
  private at = 0;

  constructor() {
    // A subclass is what a pipelining client takes.
    super('');
  }

  add(text: string, params: readonly unknown[], name?: string): Promise<{ readonly rows: unknown[][] }> {
    return new Promise((resolve, reject) => {
      this.statements.push({ text, params, name, resolve, reject, rows: [], parsers: { of: [] } });
    });
  }

  /** @returns why it could not be sent, for pg to tell */
  override submit = (given: unknown): Error | null => {
    const connection = given as Connection;
    let known = prepared.get(connection);
    if (!known) prepared.set(connection, (known = new Map()));
    connection.stream.cork();
    try {
      for (const statement of this.statements) send(connection, statement, known);
      connection.sync();
      return null;
    } catch (error) {
      return error as Error;
    } finally {
      connection.stream.uncork();
    }
  };

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    const { parsers } = this.current;
    parsers.of = fields.map(({ dataTypeID, format }) => parserOf(dataTypeID, format));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const { parsers, rows } = this.current;
    rows.push(fields.map((text, index) => (text === null ? null : parsers.of[index]?.(text))));
  }

  handleCommandComplete(): void {
    const { rows, resolve } = this.current;
    this.at += 1;
    resolve({ rows });
  }

  handleReadyForQuery(): void {}

  handleError(error: unknown): void {
    const left = this.statements.slice(this.at);
    this.at = this.statements.length;
    for (const { reject } of left) reject(error);
  }

  private get current(): Statement {
    const statement = this.statements[this.at];
    if (!statement) throw new Error('Postgres answers a statement that was not sent.');
    return statement;
  }
}

const send = (connection: Connection, statement: Statement, known: Map<string, Parsers>): void => {
  const { text, params, name } = statement;
  const parsers = name === undefined ? undefined : known.get(name);
  if (parsers) statement.parsers = parsers;
  else {
    connection.parse({ text, name });
    if (name !== undefined) known.set(name, statement.parsers);
  }
  connection.bind({ statement: name, values: params, valueMapper: prepareValue });
  if (!parsers) connection.describe({ type: 'P' });
  connection.execute({});
};
