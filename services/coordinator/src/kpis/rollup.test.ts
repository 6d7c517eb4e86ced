import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { defineSaga, hours, minutes } from '@baton/saga';
import { type RunningService, startService } from '@baton/service-kit';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { coordinator } from '../coordinator.module.js';
import { given, type OrderConversation } from '../definitions/events.fixture.js';
import { orderFulfilmentV1 } from '../definitions/order-fulfilment.v1.js';
import { KpiRollup } from './rollup.js';
import { CHANGED_SQL, ENDED, ROLLUP_SQL, RollupStore } from './rollup-store.js';
import { tallySaga } from './saga-tally.js';
import { sumOf, type Tally } from './tally.js';

const definition = defineSaga(orderFulfilmentV1);
const START = '2026-11-24T09:10:00.000Z';
const at = (minute: number): Date => new Date(Date.parse(START) + minutes(minute));

let database: FreshDatabase;
let services: readonly RunningService[];

const start = (): Promise<RunningService> => {
  // Its own looks are so far apart that only the test's count.
  const env = { DATABASE_URL: database.url, LOG_LEVEL: 'silent', KPI_ROLLUP_SECONDS: '3600' };
  return startService(coordinator, { env, transport: new MemoryTransport() });
};
const rollup = (n = 0): KpiRollup => {
  const service = services[n];
  if (!service) throw new Error('There is no such process.');
  return service.app.get(KpiRollup);
};
const rollAll = async (now: Date, n = 0): Promise<void> => {
  while (await rollup(n).run(now));
};
const ask = async (query: string) => {
  const response = await fetch(`${services[0]?.url}/kpis?${query}`);
  return { status: response.status, body: (await response.json()) as Record<string, never> };
};

/** Stores what a conversation has come to, as the pipeline does: the saga, and a row for what is new in its history. */
const stored = new Map<string, number>();
const store = async (
  orderId: string,
  { saga, history, now }: OrderConversation,
  query: FreshDatabase['query'] = (sql, params) => database.query(sql, params),
): Promise<void> => {
  if (!saga) throw new Error('There is no saga.');
  const known = stored.get(orderId) ?? 0;
  const visit = known + 1;
  await query(
    `insert into saga (definition, order_id, version, status, state, visits, open_incidents, created_at, updated_at, ended_at)
     values ($1, $2, 1, $3, $4, $5, 0, $6, $6, $7)
     on conflict (definition, order_id) do update set status = excluded.status, state = excluded.state,
       visits = excluded.visits, updated_at = excluded.updated_at, ended_at = excluded.ended_at`,
    [definition.name, orderId, saga.ended?.as ?? 'running', JSON.stringify(saga), visit, now, saga.ended?.at ?? null],
  );
  const old = (await query('select facts from saga_history where order_id = $1', [orderId])) as {
    facts: unknown[];
  }[];
  const facts = history.slice(old.reduce((sum, row) => sum + row.facts.length, 0));
  await query(
    'insert into saga_history (definition, order_id, unit, visit, at, facts) values ($1, $2, $3, $4, $5, $6)',
    [definition.name, orderId, `unit-${visit}`, visit, now, JSON.stringify(facts)],
  );
  stored.set(orderId, visit);
};
const rollups = async (span: 'hour' | 'day') => {
  const rows = await database.query('select starts_at, tally from kpi_rollup where span = $1 order by starts_at', [
    span,
  ]);
  return new Map(rows.map((row) => [(row['starts_at'] as Date).toISOString(), row['tally'] as Tally]));
};
const expected = (conversations: readonly OrderConversation[]) => {
  const all = conversations.map(({ saga, history }) => (saga ? tallySaga(definition, saga, history) : {}));
  const keys = [...new Set(all.flatMap((each) => Object.keys(each)))].toSorted();
  return new Map(keys.map((key) => [key, sumOf(all.flatMap((each) => each[key] ?? []))]));
};
const conversation = (minute: number): OrderConversation => {
  const each = given();
  each.now = at(minute).toISOString();
  return each;
};

beforeAll(async () => {
  database = await freshDatabase();
  const runs = vi.spyOn(KpiRollup.prototype, 'run');
  services = [await start(), await start()];
  // Their own first looks, by a clock far ahead of the test's, are over before there is anything to find.
  await eventually(() => expect(runs.mock.results).toHaveLength(2));
  await Promise.all(runs.mock.results.map(({ value }) => value as Promise<boolean>));
  runs.mockRestore();
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await database.drop();
});
beforeEach(async () => {
  stored.clear();
  await database.query('truncate saga, saga_history, kpi_saga, kpi_saga_archive, kpi_rollup, kpi_progress');
});

it('sums up the same however often and whenever it counts', async () => {
  const steps: readonly ((each: OrderConversation) => OrderConversation)[] = [
    (each) => each.placed(),
    (each) => each.waits(minutes(3)).reserved(),
    (each) => each.waits(minutes(7)).packed(),
    (each) => each.waits(minutes(2)).booked(),
    (each) => each.waits(minutes(40)).dispatched().settled(),
    (each) => each.waits(hours(20)).delivered(),
  ];
  const orders = Array.from({ length: 20 }, (_, n) => conversation(n * 4));
  for (const step of steps) {
    for (const [n, order] of orders.entries()) {
      await store(`o-${n}`, step(order));
      if (n % 7 === 3) await rollAll(new Date(order.now), n % 2);
    }
  }
  const now = at(60 * 24);
  await rollAll(now);
  const first = await rollups('hour');
  expect(first).toEqual(expected(orders));
  expect(sumOf([...(await rollups('day')).values()])).toEqual(sumOf([...first.values()]));
  await rollAll(new Date(now.getTime() + hours(1)));
  expect(await rollups('hour')).toEqual(first);
  // From nothing, as after a change of how sagas are counted.
  await database.query('update kpi_progress set revision = 0');
  await database.query(`update kpi_rollup set tally = '{"counts": {"placed": 99}, "times": {}}'`);
  await rollAll(now, 1);
  expect(await rollups('hour')).toEqual(first);
});

it('counts more than one transaction takes, each saga once, with one look at what happened', async () => {
  const order = conversation(0).placed().reserved();
  await store('o-0', order);
  const copies = 5_500;
  for (const table of ['saga', 'saga_history']) {
    await database.query(
      `insert into ${table} select (jsonb_populate_record(t, jsonb_build_object('order_id', 'copy-' || n))).*
       from ${table} t, generate_series(1, ${copies}) n`,
    );
  }
  const looks = vi.spyOn(RollupStore.prototype, 'changed');
  expect(await rollup().run(at(30))).toBe(true);
  const [half] = await database.query('select count(*)::int as n from kpi_saga');
  expect(half).toEqual({ n: 1_000 });
  await rollAll(at(30));
  expect(looks).toHaveBeenCalledTimes(1);
  looks.mockRestore();
  const [all] = await database.query('select count(*)::int as n from kpi_saga');
  expect(all).toEqual({ n: copies + 1 });
  expect(await rollups('hour')).toEqual(expected(Array.from({ length: copies + 1 }, () => order)));
});

it('counts once when two processes count at the same time', async () => {
  const orders = Array.from({ length: 50 }, (_, n) => conversation(n).placed().reserved());
  for (const [n, order] of orders.entries()) await store(`o-${n}`, order);
  await Promise.all([rollAll(at(120), 0), rollAll(at(120), 1), rollAll(at(120), 0)]);
  await rollAll(at(121));
  expect(await rollups('hour')).toEqual(expected(orders));
});

it('puts what is heard late into the hour in which it happened', async () => {
  const order = conversation(0).placed();
  await store('o-1', order);
  await rollAll(at(1));
  // The coordinator was away for two hours; the event carries when it was said.
  order.waits(minutes(5)).reserved();
  const heard = at(125).toISOString();
  order.now = heard;
  await store('o-1', order);
  await rollAll(at(126));
  const { body } = await ask('from=2026-11-24&to=2026-11-25');
  expect(body).toMatchObject({
    countedUntil: at(126).toISOString(),
    total: { cycleTime: { steps: { reserve: { count: 1 } } } },
    periods: [{ from: '2026-11-24T09:00:00.000Z', kpis: { throughput: { placed: 1 } } }],
  });
});

it('finds what became visible after it had looked', async () => {
  const [early, slow] = [conversation(10).placed(), conversation(9).placed()];
  await store('early', early);
  await rollAll(at(10.5));
  // Its unit of work began before the look, and committed after it.
  await store('slow', slow);
  await rollAll(at(11));
  expect(await rollups('hour')).toEqual(expected([early, slow]));
});

it('finds what was written by a transaction that had begun before it looked, and committed after', async () => {
  const [early, slow] = [conversation(10).placed(), conversation(9).placed()];
  const other = services[1]?.app.get(DataSource).createQueryRunner();
  if (!other) throw new Error('There is no such process.');
  await store('early', early);
  await rollAll(at(10.4));
  await other.startTransaction();
  await store('slow', slow, (sql, params) => other.query(sql, [...(params ?? [])]));
  await rollAll(at(10.5));
  await rollAll(at(10.6));
  await other.commitTransaction();
  await other.release();
  await rollAll(at(11));
  expect(await rollups('hour')).toEqual(expected([early, slow]));
});

it('looks at what nobody has seen alone, and at everything lately where nobody can say what that is', async () => {
  const order = conversation(0).placed();
  await store('o-1', order);
  await rollAll(at(1));
  const found = vi.spyOn(RollupStore.prototype, 'load');
  await rollAll(at(1.1));
  await store('o-2', conversation(1).placed());
  await rollAll(at(1.2));
  expect(found.mock.calls.map(([sagas]) => sagas.map(({ orderId }) => orderId))).toEqual([['o-2']]);
  // As a backup that is restored on another server: the numbers of its transactions mean nothing there.
  await database.query(`update kpi_progress set looked_before = '1000000000', looked_by = '1000000001'`);
  await store('o-3', conversation(1).placed());
  await rollAll(at(1.3));
  expect(await rollups('hour')).toEqual(expected([order, conversation(1).placed(), conversation(1).placed()]));
  found.mockRestore();
});

describe('A saga that was counted after its end', () => {
  const delivered = () =>
    conversation(0).placed().reserved().packed().booked().dispatched().settled().waits(minutes(5)).delivered();
  const kept = () => database.query('select visits, tallies from kpi_saga_all where not taken_back');

  it('is counted again by what happened until then, wherever what is kept of it rests', async () => {
    const order = delivered();
    await store('o-1', order);
    await rollAll(at(10));
    // No tallies are kept, and no process of the release before would count it again.
    expect(await kept()).toEqual([{ visits: ENDED + 1, tallies: {} }]);
    for (const wish of [1, 2, 3]) {
      await store('o-1', order.waits(minutes(10)).wishesToCancel(wish));
      if (wish === 2) await store('o-1', order.waits(minutes(70)).untold('shipment-delivered', 1));
      await rollAll(new Date(order.now));
      expect(await rollups('hour')).toEqual(expected([order]));
      await database.query('insert into kpi_saga_archive select *, now() from kpi_saga');
      await database.query('truncate kpi_saga');
    }
    const [hour] = (await rollups('hour')).values();
    expect(hour?.counts).toMatchObject({ completed: 1, troubled: 1, 'cause/event/NotificationFailed': 1 });
  });

  it('is found though a process of the release before, which leaves it out, counted meanwhile', async () => {
    const order = delivered();
    await store('o-1', order);
    await rollAll(at(10));
    await store('o-1', order.waits(minutes(60)).untold('shipment-delivered', 1));
    await database.query('update kpi_progress set counted_until = $1', [at(100)]);
    await rollAll(at(101));
    expect(await rollups('hour')).toEqual(expected([order]));
    expect((await ask('from=2026-11-24&to=2026-11-25')).body).toMatchObject({ countedUntil: at(101).toISOString() });
  });

  it('is known by its tallies where a process of the release before counted it', async () => {
    const order = delivered();
    await store('o-1', order);
    await rollAll(at(10));
    const tallies = order.saga && tallySaga(definition, order.saga, order.history);
    await database.query('update kpi_saga set visits = 1, tallies = $1', [JSON.stringify(tallies)]);
    await store('o-1', order.waits(minutes(60)).untold('shipment-delivered', 1));
    await rollAll(at(100));
    expect(await rollups('hour')).toEqual(expected([order]));
  });

  it('stays as it was counted when its history is gone', async () => {
    const order = delivered();
    await store('o-1', order);
    await rollAll(at(10));
    await database.query('delete from saga_history');
    await store('o-1', order.waits(minutes(60)).untold('shipment-delivered', 1));
    await rollAll(at(100));
    expect(await rollups('hour')).toEqual(expected([delivered()]));
  });
});

it('leaves every step to itself: a process of the release before does not go on with what it had found', async () => {
  for (const n of Array.from({ length: 3 }).keys()) await store(`o-${n}`, conversation(0).placed());
  const copies = 1_500;
  for (const table of ['saga', 'saga_history']) {
    await database.query(
      `insert into ${table} select (jsonb_populate_record(t, jsonb_build_object('order_id', 'copy-' || n))).*
       from ${table} t, generate_series(1, ${copies}) n where t.order_id = 'o-0'`,
    );
  }
  const countedUntil = async () => (await database.query('select counted_until as at from kpi_progress'))[0]?.['at'];
  expect(await rollup().run(at(30))).toBe(true);
  const halfway = await countedUntil();
  expect(halfway).not.toEqual(at(0));
  expect(await rollup().run(at(30))).toBe(false);
  expect(await countedUntil()).toEqual(at(30));
});

it('answers for a year of a hundred thousand sagas from rollups alone', async () => {
  await database.query(
    `insert into saga (definition, order_id, version, status, state, visits, open_incidents, created_at, updated_at, ended_at)
     select $1, 'o-' || n, 1, 'completed', '{}', 1, 0, t, t, t
     from generate_series(1, 100000) n, lateral (select timestamptz '2025-11-24' + n * interval '315 s' as t) moment`,
    [definition.name],
  );
  await database.query(
    `insert into kpi_rollup select $1, span, t, jsonb_build_object(
       'counts', jsonb_build_object('placed', n, 'completed', n),
       'times', jsonb_build_object('cycle', (select jsonb_object_agg(b, n) from generate_series(100, 160) b)))
     from (select 'hour' as span, t, 11 as n from generate_series(timestamptz '2025-11-24Z', '2026-11-23Z', '1 hour') t
           union all select 'day', t, 274 from generate_series(timestamptz '2025-11-24Z', '2026-11-23Z', '1 day') t) r`,
    [definition.name],
  );
  await database.query('analyze');
  const [plan] = await database.query(`explain (format json) ${ROLLUP_SQL}`, [
    definition.name,
    'day',
    '2025-11-24T00:00:00Z',
    '2026-11-24T00:00:00Z',
    '2025-11-24T00:00:00Z',
    '2026-11-24T00:00:00Z',
  ]);
  const text = JSON.stringify(plan);
  expect(new Set([...text.matchAll(/"Relation Name":\s*"(\w+)"/g)].map(([, name]) => name))).toEqual(
    new Set(['kpi_rollup']),
  );
  expect(text).toMatch(/"Index Name":\s*"kpi_rollup_pkey"/);
  // The look for what changed reads the pages of late history, and single sagas.
  await database.query(
    `insert into saga_history (definition, order_id, unit, visit, at, facts)
     select definition, order_id, 'u', 1, created_at, '[]' from saga order by created_at`,
  );
  await database.query(
    `select brin_summarize_new_values(inhrelid) from pg_inherits where inhparent = 'saga_history_lately'::regclass`,
  );
  await database.query('analyze saga_history');
  const since = ['2026-11-22T00:00:00Z', '2026-11-22T02:00:00Z', 5_000, '2026-11-22T01:58:00Z', null];
  const look = JSON.stringify(await database.query(`explain (format json) ${CHANGED_SQL}`, since));
  expect(look).toMatch(/"Index Name":\s*"saga_history_\w+_at_idx"/);
  expect(look).not.toMatch(/"Node Type":\s*"Seq Scan",[^}]*"Relation Name":\s*"saga(_history\w*)?"/);

  const { body } = await ask('by=day&from=2025-11-24&to=2026-11-24');
  expect(body).toMatchObject({ total: { throughput: { placed: 274 * 365 } }, periods: { length: 365 } });
});

it('refuses what is no stretch of time', async () => {
  for (const query of [
    'from=yesterday',
    'by=week',
    'from=2026-01-02&to=2026-01-01',
    'from=2020-01-01',
    'odd=1',
    'people=-1',
  ]) {
    expect(await ask(query), query).toMatchObject({ status: 400, body: { status: 400 } });
  }
  expect((await ask('from=2020-01-01&to=2021-01-01&by=day')).body).toMatchObject({
    total: { throughput: { placed: 0 } },
  });
});

it('counts by itself', async () => {
  await store('o-1', conversation(0).placed());
  const env = { DATABASE_URL: database.url, LOG_LEVEL: 'silent', KPI_ROLLUP_SECONDS: '0.1' };
  const eager = await startService(coordinator, { env, transport: new MemoryTransport() });
  try {
    await eventually(async () => (await rollups('hour')).size === 1);
  } finally {
    await eager.stop();
  }
});
