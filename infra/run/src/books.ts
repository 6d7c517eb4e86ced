import { setTimeout as pause } from 'node:timers/promises';
import { AUDIT } from '@baton/inventory';
import pg from 'pg';
import { type DatabaseName, databaseName, databases } from './places.js';

/** What became of some orders, and whether the services' books agree about everything. */
export interface Books {
  /** Orders asked about that were accepted. */
  readonly placed: number;
  readonly completed: number;
  readonly cancelled: number;
  /** Not ended, and waiting for stock. */
  readonly waiting: number;
  /** Open incidents of these orders. */
  readonly incidents: number;
  /** Dead letters of all services, of everything. */
  readonly dead_letters: number;
  /** Places where stock and reservations disagree, of everything; see inventory's `GET /stock/audit`. */
  readonly stock_drift: number;
  /** Mails about these orders that a mail server took. */
  readonly mails: number;
}

/** How far orders are, for people to watch. */
export interface Progress {
  readonly placed: number;
  readonly reserved: number;
  readonly packed: number;
  readonly shipped: number;
  readonly delivered: number;
  readonly completed: number;
  readonly waiting: number;
  readonly cancelled: number;
}

type Row = Readonly<Record<string, unknown>>;

/** How long a Postgres that is away is waited for; one that was killed recovers sooner. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 200;

/**
 * Looks into every service's database, as an auditor may and a service never does. It keeps one connection each, and
 * waits for a database that is away.
 */
export class Auditor {
  private readonly pools: ReadonlyMap<DatabaseName, pg.Pool>;

  constructor(databaseUrl: (database: string) => string) {
    this.pools = new Map(
      databases.map((name) => {
        const pool = new pg.Pool({ connectionString: databaseUrl(databaseName(name)), max: 1 });
        pool.on('error', () => undefined);
        return [name, pool];
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
  }

  /** Which of these orders were accepted already. */
  async known(orderIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.query(
      'orders',
      'select order_id from orders_all where order_id = any($1) and not taken_back',
      [orderIds],
    );
    return new Set(rows.map(({ order_id: id }) => id as string));
  }

  /** True before the first order. */
  async isEmpty(): Promise<boolean> {
    return (await this.query('orders', 'select 1 from orders_all limit 1', [])).length === 0;
  }

  async progress(orderIds: readonly string[]): Promise<Progress> {
    const ids = [orderIds];
    const [orders, reservations, lists, shipments] = await Promise.all([
      this.counts(
        'orders',
        'select status as name, count(*) as n from orders_all where order_id = any($1) and not taken_back group by 1',
        ids,
      ),
      this.counts(
        'inventory',
        `select state as name, count(distinct order_id) as n from reservation_all
         where order_id = any($1) and not taken_back group by 1`,
        ids,
      ),
      this.counts(
        'warehouse',
        `select state as name, count(distinct order_id) as n from pick_lists_all
         where order_id = any($1) and not taken_back group by 1`,
        ids,
      ),
      this.counts(
        'shipping',
        `select state as name, count(distinct order_id) as n from shipments_all
         where order_id = any($1) and not taken_back group by 1`,
        ids,
      ),
    ]);
    const sum = (counts: ReadonlyMap<string, number>, ...names: string[]) =>
      names.reduce((total, name) => total + (counts.get(name) ?? 0), 0);
    const delivered = sum(shipments, 'delivered', 'lost', 'returned');
    return {
      placed: [...orders.values()].reduce((total, n) => total + n, 0),
      reserved: sum(reservations, 'reserved', 'settled'),
      packed: sum(lists, 'packed'),
      shipped: sum(shipments, 'dispatched') + delivered,
      delivered,
      completed: sum(orders, 'completed'),
      waiting: sum(reservations, 'waiting'),
      cancelled: sum(orders, 'cancelled'),
    };
  }

  /** Orders that have neither ended nor wait for stock nor have an open incident; mails that are not settled count too. */
  async unsettled(orderIds: readonly string[]): Promise<number> {
    const books = await this.books(orderIds);
    const open = orderIds.length - books.completed - books.cancelled - books.waiting - books.incidents;
    if (open > 0) return open;
    // Placed and then: dispatched and delivered, or cancelled, or delayed. Each of them is a mail.
    const expected = books.placed + 2 * books.completed + books.cancelled + books.waiting;
    return Math.max(0, expected - (await this.settledMails(orderIds)));
  }

  async books(orderIds: readonly string[]): Promise<Books> {
    const ids = [orderIds];
    const [statuses, waiting, incidents, mails, drift, dead] = await Promise.all([
      this.query('orders', 'select order_id, status from orders_all where order_id = any($1) and not taken_back', ids),
      this.query(
        'inventory',
        `select distinct order_id from reservation where order_id = any($1) and state = 'waiting'`,
        ids,
      ),
      this.query(
        'coordinator',
        'select distinct order_id from incident where order_id = any($1) and resolved_at is null',
        ids,
      ),
      this.query(
        'notification',
        `select count(*) as n from mails_all where order_id = any($1) and state = 'sent' and not taken_back`,
        ids,
      ),
      this.query('inventory', AUDIT, []),
      Promise.all(
        databases.map((name) => this.query(name, `select count(*) as n from held_message where state = 'dead'`, [])),
      ),
    ]);
    const byStatus = Map.groupBy(statuses, ({ status }) => status);
    const live = new Set(statuses.filter(({ status }) => !isEnd(status)).map(({ order_id: id }) => id));
    return {
      placed: statuses.length,
      completed: byStatus.get('completed')?.length ?? 0,
      cancelled: byStatus.get('cancelled')?.length ?? 0,
      waiting: waiting.filter(({ order_id: id }) => live.has(id)).length,
      incidents: incidents.length,
      dead_letters: dead.reduce((total, rows) => total + Number(rows[0]?.n), 0),
      stock_drift: Number(drift[0]?.total ?? 0),
      mails: Number(mails[0]?.n),
    };
  }

  private async settledMails(orderIds: readonly string[]): Promise<number> {
    const rows = await this.query(
      'notification',
      `select count(*) as n from mails_all where order_id = any($1) and settled_at is not null and not taken_back`,
      [orderIds],
    );
    return Number(rows[0]?.n);
  }

  private async counts(database: DatabaseName, sql: string, params: readonly unknown[]) {
    const rows = await this.query(database, sql, params);
    return new Map(rows.map(({ name, n }) => [name as string, Number(n)]));
  }

  private async query(database: DatabaseName, sql: string, params: readonly unknown[]): Promise<readonly Row[]> {
    const pool = this.pools.get(database);
    if (!pool) throw new Error(`There is no database ${database}.`);
    for (const end = Date.now() + PATIENCE_MS; ; ) {
      try {
        return (await pool.query<Row>(sql, [...params])).rows;
      } catch (error) {
        if (!isAway(error) || pool.ended || Date.now() > end) throw error;
        await pause(RETRY_MS);
      }
    }
  }
}

/** True for what time mends: no connection, or a server that is starting or stopping. */
const isAway = (error: unknown): boolean => {
  const { code } = error as { readonly code?: string };
  return code === undefined || /^(E[A-Z]+|08...|53...|57...)$/.test(code);
};

/** Do the books balance: every order accounted for, nothing lost, nothing dead? */
export const balances = (books: Books, asked: number): boolean =>
  books.placed === asked &&
  books.placed === books.completed + books.cancelled + books.waiting &&
  books.stock_drift === 0 &&
  books.incidents === 0 &&
  books.dead_letters === 0;

const isEnd = (status: unknown): boolean => status === 'completed' || status === 'cancelled';
