import { setTimeout as pause } from 'node:timers/promises';
import { KPI_ENDED } from '@baton/coordinator';
import { databaseName, databases } from '@baton/run';
import pg from 'pg';
import type { Shop } from './shop.js';

/** Rows of one insert, so that no single transaction grows too large. */
const PART = 20_000;
/** Finished sagas are this far apart in time, ending before the first. */
const APART_MS = 20;
const LOOK_EVERY_MS = 200;
const WAITING_SKUS = 20;

interface Column {
  readonly name: string;
  readonly type: string;
}

/**
 * Fills the databases with sagas of the past by multiplying the rows of real ones: every table with an order id, every
 * column as the services wrote it, under new order ids and at earlier times. So it is as real as its templates are, and
 * follows the tables wherever they go. Finished ones go to where the housekeeper would have put them long ago: into the
 * archives, all of this month, which makes the largest partition that there can be.
 */
export class History {
  private finished = 0;
  private waiting = 0;

  constructor(private readonly databaseUrl: (database: string) => string) {}

  /**
   * Multiplies ended orders until so many are there.
   * @param templates ids of orders that have ended, in the mixture that the copies are to have
   */
  async grow(total: number, templates: readonly string[]): Promise<void> {
    const missing = total - this.finished;
    if (missing <= 0) return;
    await this.untilCounted(templates);
    // Ended sagas of the past have no deadline left: it has fired and found nothing to do.
    const past = { apartMs: -APART_MS, cleared: new Set(['due_at']), archived: true };
    await this.multiply(templates, `done-${this.finished}`, missing, past);
    this.finished = total;
  }

  /** Lets real orders want what nobody has, multiplies them once they wait, and makes the books agree. */
  async letWait(total: number, shop: Shop, stockUp: (skus: readonly string[]) => Promise<void>): Promise<void> {
    if (total === 0 || this.waiting > 0) return;
    const skus = Array.from({ length: WAITING_SKUS }, (_, index) => `SCARCE-${index}`);
    await stockUp(skus);
    const orders = skus.map((sku, index) => shop.order(shop.idOf(-1 - index), sku));
    await shop.submitApart(orders);
    const templates = orders.map(({ orderId }) => orderId);
    await this.untilWaiting(templates);
    await this.untilCounted(templates);
    const alike = { apartMs: 1, cleared: new Set<string>(), archived: false };
    await this.multiply(templates, 'waiting', Math.max(0, total - templates.length), alike);
    await withClient(this.databaseUrl(databaseName('inventory')), (client) =>
      client.query(
        `update stock set waiting = units
         from (select line->>'sku' as wanted, sum((line->>'quantity')::int) as units
               from reservation, jsonb_array_elements(lines) line where state = 'waiting' group by 1) w
         where sku = wanted`,
      ),
    );
    this.waiting = total;
  }

  private async untilWaiting(orderIds: readonly string[]): Promise<void> {
    const sql = {
      inventory: `select count(*)::int as n from reservation where state = 'waiting' and order_id = any($1)`,
      coordinator: `select count(*)::int as n from saga where status = 'waiting' and order_id = any($1)`,
      notification: `select count(*)::int as n from mails where state = 'sent' and reason = 'order-delayed' and order_id = any($1)`,
    } as const;
    for (const [name, text] of Object.entries(sql)) {
      await withClient(this.databaseUrl(databaseName(name as keyof typeof sql)), async (client) => {
        for (let count = 0; count < orderIds.length; await pause(LOOK_EVERY_MS)) {
          const { rows } = await client.query<{ readonly n: number }>(text, [orderIds]);
          count = rows[0]?.n ?? 0;
        }
      });
    }
  }

  /** KPIs have counted these, so that their copies are counted too, and are no work of a figure's. */
  private async untilCounted(orderIds: readonly string[]): Promise<void> {
    await withClient(this.databaseUrl(databaseName('coordinator')), async (client) => {
      for (let count = 0; count < orderIds.length; await pause(LOOK_EVERY_MS)) {
        const { rows } = await client.query<{ readonly n: number }>(
          `select count(*)::int as n from kpi_saga k join saga s using (definition, order_id)
           where k.visits % ${KPI_ENDED} = s.visits and order_id = any($1)`,
          [orderIds],
        );
        count = rows[0]?.n ?? 0;
      }
    });
  }

  private async multiply(templates: readonly string[], prefix: string, count: number, copies: Copies): Promise<void> {
    for (const name of databases) {
      await withClient(this.databaseUrl(databaseName(name)), async (client) => {
        for (const table of await tablesWithOrders(client)) {
          for (let from = 0; from < count; from += PART) {
            const to = Math.min(from + PART, count) - 1;
            await client.query(copyOf(table, prefix, copies), [templates, from, to]);
          }
        }
        // As if they had been there for long: planned for, vacuumed, and on disk.
        await client.query('vacuum analyze');
      });
    }
    await withClient(this.databaseUrl('postgres'), (client) => client.query('checkpoint'));
  }
}

const withClient = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

/** A table with rows of orders. */
interface OrderTable {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Rows that have ended leave for an archive beside it. */
  readonly hasArchive: boolean;
}

/** Tables with rows of orders; those that hold what is under way have none of an order that has ended. */
const tablesWithOrders = async (client: pg.Client): Promise<readonly OrderTable[]> => {
  const { rows } = await client.query<{
    readonly table: string;
    readonly name: string;
    readonly type: string;
    readonly hasArchive: boolean;
  }>(
    `select t.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
            to_regclass(t.relname || '_archive') is not null as "hasArchive"
     from pg_class t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
     where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p') and not t.relispartition
       and t.relname not like '%\\_archive'
       and exists (select from pg_attribute o where o.attrelid = t.oid and o.attname = 'order_id')
     order by t.relname, a.attnum`,
  );
  return [...Map.groupBy(rows, ({ table }) => table)].map(([name, columns]) => ({
    name,
    columns,
    hasArchive: columns[0]?.hasArchive === true,
  }));
};

/** How copies differ from their templates. */
interface Copies {
  /** Milliseconds from one to the next. */
  readonly apartMs: number;
  /** Columns that are null in copies. */
  readonly cleared: ReadonlySet<string>;
  /** They are in the archives already. */
  readonly archived: boolean;
}

/** Copies number $2 to $3 of the rows of the orders $1, which take turns. */
const copyOf = (
  { name: table, columns, hasArchive }: OrderTable,
  prefix: string,
  { apartMs, cleared, archived }: Copies,
): string => {
  const id = `'${prefix}-' || g`;
  const value = ({ name, type }: Column): string => {
    const column = `t.${pg.escapeIdentifier(name)}`;
    if (name === 'order_id') return id;
    if (cleared.has(name)) return `null::${type}`;
    if (type === 'jsonb' || type === 'json') return `replace(${column}::text, t.order_id, ${id})::${type}`;
    if (type === 'text') return `replace(${column}, t.order_id, ${id})`;
    if (type.startsWith('timestamp')) return `${column} + g * interval '${apartMs} milliseconds'`;
    return column;
  };
  const names = columns.map(({ name }) => pg.escapeIdentifier(name)).join(', ');
  const values = columns.map(value).join(', ');
  const [into, column, moment] =
    archived && hasArchive ? [`${table}_archive`, ', archived_at', ', now()'] : [table, '', ''];
  return `
    insert into ${pg.escapeIdentifier(into)} (${names}${column})
    select ${values}${moment}
    from generate_series($2::int, $3::int) g
    join unnest($1::text[]) with ordinality as k(template, n) on k.n = 1 + g % cardinality($1::text[])
    join ${pg.escapeIdentifier(table)} t on t.order_id = k.template`;
};
