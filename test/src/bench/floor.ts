import { createDatabases } from '@baton/run';
import pg from 'pg';
import { percentile, rounded } from './figure.js';
import { SKUS, skuOf } from './shop.js';

/**
 * What the same Postgres does with the same four local transactions an order and nothing else: no events, no
 * coordination, no history, no telemetry, nothing undone. (a) one order after another, as a team would write it; (b)
 * 256 orders at a time in bulk, which no system that reacts to events can reach, and which keeps us honest.
 */
export interface Floor {
  readonly orders_per_s: Readonly<Record<'1' | '8' | '32', number>>;
  /** Orders a second of the best of (a). */
  readonly floor: number;
  readonly floor_batched: number;
  /** Milliseconds an order takes with one client. */
  readonly floor_p50_ms: number;
}

const DATABASE = 'bench_floor';
const BATCH = 256;
const WARMUP_SHARE = 0.2;
const CLIENTS = [1, 8, 32] as const;

const TABLES = `
  create table stock (sku text primary key, on_hand int not null, reserved int not null,
    check (reserved >= 0 and reserved <= on_hand));
  create table reservation (order_id text, shipment int, sku text not null, quantity int not null,
    created_at timestamptz not null default now(), primary key (order_id, shipment));
  create table pick_list (order_id text, shipment int, sku text not null, quantity int not null, state text not null,
    created_at timestamptz not null default now(), primary key (order_id, shipment));
  create table shipment (order_id text, shipment int, carrier text not null, tracking_number text not null,
    state text not null, created_at timestamptz not null default now(), primary key (order_id, shipment));
  create table notification (order_id text, shipment int, reason text, state text not null,
    created_at timestamptz not null default now(), primary key (order_id, shipment, reason));`;

/** The statements of each transaction: for one order, and for many. $1 order, $2 SKU, $3 quantity. */
const STEPS: readonly { readonly name: string; readonly one: readonly string[]; readonly many: readonly string[] }[] = [
  {
    name: 'reserve',
    one: [
      'insert into reservation (order_id, shipment, sku, quantity) values ($1, 1, $2, $3)',
      'update stock set reserved = reserved + $3 where sku = $2 and on_hand - reserved >= $3 and $1::text is not null',
    ],
    many: [
      `insert into reservation (order_id, shipment, sku, quantity)
       select o, 1, s, q from unnest($1::text[], $2::text[], $3::int[]) as k(o, s, q)`,
      `update stock set reserved = reserved + q
       from (select s, sum(q)::int as q from unnest($1::text[], $2::text[], $3::int[]) as k(o, s, q) group by s) k
       where sku = s and on_hand - reserved >= q`,
    ],
  },
  {
    name: 'pick',
    one: [`insert into pick_list (order_id, shipment, sku, quantity, state) values ($1, 1, $2, $3, 'packed')`],
    many: [
      `insert into pick_list (order_id, shipment, sku, quantity, state)
       select o, 1, s, q, 'packed' from unnest($1::text[], $2::text[], $3::int[]) as k(o, s, q)`,
    ],
  },
  {
    name: 'ship',
    one: [
      `insert into shipment (order_id, shipment, carrier, tracking_number, state)
       select $1, 1, 'swift', 'T-' || $1, 'dispatched' where $2::text is not null and $3::int > 0`,
    ],
    many: [
      `insert into shipment (order_id, shipment, carrier, tracking_number, state)
       select o, 1, 'swift', 'T-' || o, 'dispatched' from unnest($1::text[], $2::text[], $3::int[]) as k(o, s, q)`,
    ],
  },
  {
    name: 'notify',
    one: [
      `insert into notification (order_id, shipment, reason, state)
       select $1, 0, 'order-placed', 'sent' where $2::text is not null and $3::int > 0`,
    ],
    many: [
      `insert into notification (order_id, shipment, reason, state)
       select o, 0, 'order-placed', 'sent' from unnest($1::text[], $2::text[], $3::int[]) as k(o, s, q)`,
    ],
  },
];

/** Measures the floor; `seconds` for each number of clients. */
export const measureFloor = async (databaseUrl: (database: string) => string, seconds: number): Promise<Floor> => {
  await createDatabases(databaseUrl('postgres'), [DATABASE]);
  const pool = new pg.Pool({ connectionString: databaseUrl(DATABASE), max: Math.max(...CLIENTS) });
  // A server that stops may end connections before we have.
  pool.on('error', () => undefined);
  try {
    await pool.query(TABLES);
    const skus = Array.from({ length: SKUS }, (_, index) => skuOf(index));
    await pool.query('insert into stock select sku, 1000000000, 0 from unnest($1::text[]) as sku', [skus]);
    let made = 0;
    const next = (): readonly [string, string, number] => {
      made += 1;
      return [`floor-${made}`, skuOf(Math.floor(Math.random() * SKUS)), 1 + (made % 3)];
    };

    const rates = new Map<number, number>();
    let alone: readonly number[] = [];
    for (const clients of CLIENTS) {
      const times = await during(pool, clients, seconds, (client) => transactions(client, 'one', [...next()]));
      rates.set(clients, times.length / seconds);
      if (clients === 1) alone = times.toSorted((a, b) => a - b);
    }
    const batches = await during(pool, 1, seconds, (client) => {
      const orders = Array.from({ length: BATCH }, next);
      const columns = ([0, 1, 2] as const).map((column) => orders.map((order) => order[column]));
      return transactions(client, 'many', columns);
    });
    const rate = (clients: number): number => rounded(rates.get(clients) ?? 0, 1);
    return {
      orders_per_s: { 1: rate(1), 8: rate(8), 32: rate(32) },
      floor: Math.max(...CLIENTS.map(rate)),
      floor_batched: rounded((batches.length * BATCH) / seconds, 1),
      floor_p50_ms: rounded(percentile(alone, 50), 3),
    };
  } finally {
    await pool.end();
  }
};

const transactions = async (client: pg.PoolClient, how: 'one' | 'many', values: readonly unknown[]): Promise<void> => {
  for (const step of STEPS) {
    await client.query('BEGIN');
    for (const [index, text] of step[how].entries()) {
      await client.query({ name: `${step.name}-${how}-${index}`, text, values: [...values] });
    }
    await client.query('COMMIT');
  }
};

/** Lets clients work side by side, after a warm-up; how long each piece of work took, milliseconds. */
const during = async (
  pool: pg.Pool,
  clients: number,
  seconds: number,
  work: (client: pg.PoolClient) => Promise<void>,
): Promise<readonly number[]> => {
  const times: number[] = [];
  const begin = performance.now() + seconds * 1_000 * WARMUP_SHARE;
  const end = begin + seconds * 1_000;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = await pool.connect();
      try {
        for (let now = performance.now(); now < end; ) {
          await work(client);
          const after = performance.now();
          if (after >= begin && after < end) times.push(after - now);
          now = after;
        }
      } finally {
        client.release();
      }
    }),
  );
  return times;
};
