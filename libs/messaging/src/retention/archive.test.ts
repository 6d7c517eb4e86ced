import 'reflect-metadata';
import type pg from 'pg';
import { Column, DataSource, Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { one } from '../api/needs.js';
import { save } from '../api/outcome.js';
import { archived, defineStore } from '../api/stores.js';
import { messagingMigrations } from '../migrations/index.js';
import { runOn, unitOfWorkPool, withClient } from '../pipeline/connection.js';
import { IdentityMap, StoreTables } from '../state/identity-map.js';
import { StateEntity } from '../store/state.entity.js';
import { eventually, type FreshDatabase, freshDatabase } from '../testing/index.js';
import { silent } from '../testing/tally.js';
import { Housekeeper } from './housekeeper.js';
import type { RetentionPlan } from './plan.js';
import { createArchive } from './schema.js';

const DAY_MS = 24 * 3_600_000;

interface Parcel {
  readonly orderId: string;
  readonly shipment: number;
  readonly state: 'open' | 'done';
  readonly visits: number;
}

@Entity('parcel')
class ParcelEntity extends StateEntity implements Parcel {
  @PrimaryColumn({ name: 'order_id', type: 'text' })
  orderId!: string;
  @PrimaryColumn({ name: 'shipment', type: 'int' })
  shipment!: number;
  @Column({ name: 'state', type: 'text' })
  state!: 'open' | 'done';
  @Column({ name: 'visits', type: 'int' })
  visits!: number;
}

class Parcels1764000009000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table parcel (
      order_id text, shipment int, state text not null, visits int not null, outbox_id bigint,
      created_at timestamptz not null default now(), primary key (order_id, shipment))`);
    await createArchive(runner, 'parcel', ['order_id', 'shipment']);
    await runner.query('create table diary (order_id text not null, at timestamptz not null) partition by range (at)');
    await runner.query('create table diary_other partition of diary default');
  }
  async down(): Promise<void> {}
}

const Parcels = archived(defineStore<Parcel>()(ParcelEntity, 'orderId', 'shipment'), {
  ended: `state = 'done'`,
  since: 'created_at',
});
const plan: RetentionPlan = {
  stores: [Parcels],
  histories: ['diary'],
  beforeDrop: { parcel: `insert into diary select order_id, '2099-01-01' from %I` },
};
const nameOf = (n: number) => `order-${String(n).padStart(4, '0')}`;

let fresh: FreshDatabase;
let database: DataSource;
let pool: pg.Pool;

const keeper = (archiveAfterMs = 0, noticeMs = 0) =>
  new Housekeeper({
    service: 'test',
    dataSource: database,
    plan,
    settings: { archiveAfterMs, retentionMs: 90 * DAY_MS },
    log: silent,
    noticeMs,
  });
const round = (now = new Date(), archiveAfterMs = 0) => keeper(archiveAfterMs).round(now);

const insert = (count: number, state: string) =>
  fresh.query(
    `insert into parcel (order_id, shipment, state, visits, created_at)
     select 'order-' || lpad(n::text, 4, '0'), 1, $2, 0, now() - interval '1 hour' from generate_series(1, $1::int) n`,
    [count, state],
  );
const count = async (from: string) => {
  const [row] = await fresh.query(`select count(*)::int as n from ${from}`);
  return Number(row?.['n']);
};

/** What a unit of work does: looks at parcels, and changes what it sees. */
const visit = (names: readonly string[], change: (seen: Parcel | undefined, name: string) => Parcel | undefined) =>
  withClient(pool, async (client) => {
    const run = runOn(client);
    const map = new IdentityMap(new StoreTables(database), run);
    await run('begin', []);
    const wanted = names.map((orderId) => map.want({ parcel: one(Parcels, { orderId, shipment: 1 }) }));
    await map.fetch();
    const seen = wanted.map((want) => map.see(want)['parcel'] as Parcel | undefined);
    const changed = seen.flatMap((parcel, index) => change(parcel, names[index] ?? '') ?? []);
    map.apply(
      changed.map((parcel) => save(Parcels, parcel)),
      [],
      {},
    );
    await Promise.all([...map.write(null), run('commit', [])]);
    return seen;
  });
const visited = (parcel: Parcel | undefined): Parcel | undefined => parcel && { ...parcel, visits: parcel.visits + 1 };

beforeAll(async () => {
  fresh = await freshDatabase();
  database = await new DataSource({
    type: 'postgres',
    url: fresh.url,
    entities: [ParcelEntity],
    migrations: [...messagingMigrations, Parcels1764000009000],
    poolErrorHandler: () => undefined,
  }).initialize();
  await database.runMigrations();
  pool = unitOfWorkPool(fresh.url, 'units');
});
afterAll(async () => {
  await pool?.end();
  await database?.destroy();
  await fresh?.drop();
});
beforeEach(() => fresh.query('truncate parcel, parcel_archive, diary, inbox'));

describe('What_has_ended', () => {
  it('leaves for the archive, and nothing else does', async () => {
    await insert(300, 'done');
    await fresh.query(`insert into parcel (order_id, shipment, state, visits) values ('open', 1, 'open', 0)`);
    await fresh.query(`insert into parcel (order_id, shipment, state, visits) values ('young', 1, 'done', 0)`);
    await round(new Date(), 60_000);
    expect(await count('parcel')).toBe(2);
    expect(await count('parcel_archive where not taken_back')).toBe(300);
    expect(await count('parcel_all')).toBe(302);
  });

  it('is taken back by whoever asks for it, as it was, and leaves again', async () => {
    await insert(3, 'done');
    await fresh.query(`update parcel set outbox_id = 17 where order_id = 'order-0002'`);
    await round();
    const [first, absent] = await visit([nameOf(2), 'nobody'], visited);
    expect(first).toEqual({ orderId: nameOf(2), shipment: 1, state: 'done', visits: 0 });
    expect(absent).toBeUndefined();
    expect(await fresh.query('select order_id, visits, outbox_id from parcel')).toEqual([
      { order_id: nameOf(2), visits: 1, outbox_id: '17' },
    ]);
    expect(await count('parcel_all where not taken_back')).toBe(3);
    await fresh.query(`update parcel set created_at = now() - interval '1 hour'`);
    await round();
    expect(await count('parcel')).toBe(0);
    expect(await visit([nameOf(2)], visited)).toMatchObject([{ visits: 1 }]);
    expect(await count('parcel_all where not taken_back')).toBe(3);
  });

  it('is found by two who ask at once, the second after the first', async () => {
    await insert(1, 'done');
    await round();
    const seen = await Promise.all([1, 2, 3, 4].map(() => visit([nameOf(1)], visited)));
    expect(
      seen
        .flat()
        .map((parcel) => parcel?.visits ?? -1)
        .toSorted((a, b) => a - b),
    ).toEqual([0, 1, 2, 3]);
    expect(await count('parcel_all where not taken_back')).toBe(1);
  });

  it('is left where it is while somebody works on it', async () => {
    await insert(2, 'done');
    await withClient(pool, async (client) => {
      await client.query('begin');
      await client.query(`select 1 from parcel where order_id = 'order-0001' for update`);
      await round();
      expect(await count('parcel')).toBe(1);
      await client.query('commit');
    });
    await round();
    expect(await count('parcel')).toBe(0);
  });
});

describe('Moving_while_units_of_work_run', () => {
  const PARCELS = 200;
  const VISITS = 120;

  it('hides nothing from anybody, doubles nothing, and loses no change', async () => {
    await insert(PARCELS, 'done');
    let done = 0;
    let isOver = false;
    const movers = [1, 2].map(async () => {
      while (!isOver) {
        // What was taken back is at once old enough to leave again.
        await round(new Date(), -60_000);
      }
    });
    const visitors = [1, 2, 3].map(async (who) => {
      for (let n = 0; n < VISITS; n += 1) {
        const names = Array.from({ length: 20 }, (_, index) => nameOf(1 + ((n * 7 * who + index * 3) % PARCELS)));
        const unique = [...new Set(names)].toSorted();
        const seen = await eventually(() => visit(unique, visited));
        expect(seen, 'every parcel is somewhere').not.toContain(undefined);
        done += unique.length;
      }
    });
    await Promise.all(visitors).finally(() => {
      isOver = true;
    });
    await Promise.all(movers);
    expect(await count('(select 1 from parcel_all where not taken_back group by order_id) x')).toBe(PARCELS);
    const [sum] = await fresh.query(
      'select sum(visits)::int as n, count(*)::int as rows from parcel_all where not taken_back',
    );
    expect(sum).toEqual({ n: done, rows: PARCELS });
    expect(await count('parcel_archive where taken_back'), 'some were taken back').toBeGreaterThan(0);
  });
});

describe('Partitions', () => {
  const names = async (table: string) =>
    (
      await fresh.query(
        `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
         where i.inhparent = $1::regclass order by 1`,
        [table],
      )
    ).map(({ name }) => name);

  it('are made ahead, and dropped in whole once everything in them is older than the retention', async () => {
    await round(new Date('2031-01-15T00:00:00Z'));
    expect(await names('diary')).toEqual(
      expect.arrayContaining(['diary_2031_01', 'diary_2031_02', 'diary_2031_03', 'diary_other']),
    );
    await fresh.query(`insert into diary values ('a', '2031-01-20'), ('b', '2031-02-01'), ('c', '2030-12-31')`);
    await fresh.query(`insert into parcel_archive values
      ('old', 1, 'done', 0, null, now(), '2031-01-31', false), ('new', 1, 'done', 0, null, now(), '2031-02-01', false)`);
    // 90 days after the end of January is the first of May.
    await round(new Date('2031-04-30T00:00:00Z'));
    expect(await count('diary')).toBe(2);
    expect(await count('parcel_archive')).toBe(2);
    await round(new Date('2031-05-02T00:00:00Z'));
    expect(await names('diary')).not.toContain('diary_2031_01');
    expect(await names('parcel_archive')).not.toContain('parcel_archive_2031_01');
    expect(await names('parcel_archive')).toContain('parcel_archive_2031_02');
    expect((await fresh.query('select order_id from parcel_archive')).map((row) => row['order_id'])).toEqual(['new']);
    expect(await fresh.query('select order_id from diary order by 1')).toEqual([
      { order_id: 'b' },
      { order_id: 'old' },
    ]);
  });

  it('leave a month to the default partition that has rows of it already', async () => {
    await fresh.query(`insert into diary values ('early', '2033-02-03')`);
    await round(new Date('2033-01-15T00:00:00Z'));
    expect(await names('diary')).toEqual(expect.arrayContaining(['diary_2033_01', 'diary_2033_03']));
    expect(await names('diary')).not.toContain('diary_2033_02');
    await round(new Date('2033-06-15T00:00:00Z'));
    expect(await count('diary')).toBe(0);
  });

  it('wait for nobody for long: they are changed at a later walk', async () => {
    await round(new Date('2032-01-15T00:00:00Z'));
    await withClient(pool, async (client) => {
      await client.query('begin');
      await client.query('select count(*) from diary');
      await round(new Date('2032-05-15T00:00:00Z'));
      expect(await names('diary')).toContain('diary_2032_01');
      await client.query('commit');
    });
    await round(new Date('2032-05-15T00:00:00Z'));
    expect(await names('diary')).not.toContain('diary_2032_01');
  });

  it('are not dropped for a clock that is wrong for a moment, nor by who has just come', async () => {
    await round(new Date('2036-01-15T00:00:00Z'));
    const one = keeper(0, 3_600_000);
    await one.round(new Date('2037-01-15T00:00:00Z'));
    await one.round(new Date('2037-01-15T00:01:00Z'));
    expect(await names('diary')).toContain('diary_2036_01');
  });

  it('that another process has dropped in the meantime are left out', async () => {
    await round(new Date('2034-01-15T00:00:00Z'));
    const later = new Date('2034-06-15T00:00:00Z');
    const look = database.query.bind(database);
    const looking = vi.spyOn(database, 'query').mockImplementation(async (sql, params, runner) => {
      const rows: unknown = await look(sql, params, runner);
      // What is looked for outside of a transaction is not locked.
      if (runner === undefined && sql.includes('pg_inherits')) {
        looking.mockRestore();
        await round(later);
      }
      return rows;
    });
    await round(later);
    expect(vi.isMockFunction(database.query), 'it looked, and the other process came').toBe(false);
    expect(await names('diary')).not.toContain('diary_2034_01');
  });

  it('of an empty database are there from the start', async () => {
    const one = keeper();
    await one.start();
    await one.stop();
    const month = new Date().toISOString().slice(0, 7).replace('-', '_');
    expect(await names('parcel_archive')).toContain(`parcel_archive_${month}`);
    expect(await names('diary')).toContain(`diary_${month}`);
  });
});

it('Answered_commands are forgotten after the retention', async () => {
  await fresh.query(`insert into inbox (id, fingerprint, reply, created_at)
    select n, 'f', '{}', now() - interval '1 hour' - n * interval '1 day' from generate_series(80, 100) n`);
  await round();
  expect(await count('inbox')).toBe(10);
});

it('A_housekeeper_that_fails is seen to be behind until it has walked through everything again', async () => {
  const one = keeper();
  const hours = (n: number) => vi.spyOn(performance, 'now').mockReturnValue(performance.now() + n * 3_600_000);
  await one.round(new Date());
  await fresh.query('alter table parcel_archive rename to parcel_away');
  await expect(one.round(new Date())).rejects.toThrow('parcel_archive');
  await fresh.query('alter table parcel_away rename to parcel_archive');
  hours(2);
  expect(one.progress.behind).toBeCloseTo(7_200, -1);
  vi.restoreAllMocks();
  await one.round(new Date());
  expect(one.progress.behind).toBeLessThan(60);
});

it('What_is_forgotten row by row leaves the database most of its time to others', async () => {
  await fresh.query(`insert into inbox (id, fingerprint, reply, created_at)
    select n, 'f', '{}', now() - interval '91 days' from generate_series(1, 5500) n`);
  const turns: { readonly begun: number; readonly ended: number }[] = [];
  const transaction = database.transaction.bind(database) as (work: unknown) => Promise<unknown>;
  const taking = vi.spyOn(database, 'transaction').mockImplementation(async (work: unknown) => {
    const begun = performance.now();
    const result = await transaction(work);
    turns.push({ begun, ended: performance.now() });
    return result;
  });
  await round();
  taking.mockRestore();
  expect(await count('inbox')).toBe(0);
  // Six for the commands, and one for held messages.
  const batches = turns.slice(-7, -1);
  for (const [n, { begun, ended }] of batches.slice(0, -1).entries()) {
    expect((batches[n + 1]?.begun ?? 0) - ended).toBeGreaterThan(2 * (ended - begun));
  }
});

it('Dead_letters that hold nothing up are forgotten after the retention, and no other message that is held', async () => {
  await fresh.query(`insert into held_message (state, parks, key, name, origin, content, reason, tries, created_at)
    select state, parks, 'k', 'n', name, '', 'r', 1, now() - days * interval '1 day'
    from (values ('dead', false, 'over', 91), ('dead', false, 'young', 89), ('dead', true, 'holds up', 91),
      ('retrying', true, 'tried again', 91), ('parked', true, 'behind', 91)) as v(state, parks, name, days)`);
  await round();
  expect((await fresh.query('select origin from held_message order by 1')).map(({ origin }) => origin)).toEqual([
    'behind',
    'holds up',
    'tried again',
    'young',
  ]);
});
