import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { definition, CountingCoordinators } from './rollup.fixture.js';
import { CHANGED_SQL, ROLLUP_SQL } from './rollup-sql.js';

let kpis: CountingCoordinators;

beforeAll(async () => {
  kpis = await CountingCoordinators.start(1);
});
afterAll(() => kpis.stop());
beforeEach(() => kpis.clear());

it('answers for a year of a hundred thousand sagas from rollups alone', async () => {
  await kpis.query(
    `insert into saga (definition, order_id, version, status, state, visits, open_incidents, created_at, updated_at, ended_at)
     select $1, 'o-' || n, 1, 'completed', '{}', 1, 0, t, t, t
     from generate_series(1, 100000) n, lateral (select timestamptz '2025-11-24' + n * interval '315 s' as t) moment`,
    [definition.name],
  );
  await kpis.query(
    `insert into kpi_rollup select $1, span, t, jsonb_build_object(
       'counts', jsonb_build_object('placed', n, 'completed', n),
       'times', jsonb_build_object('cycle', (select jsonb_object_agg(b, n) from generate_series(100, 160) b)))
     from (select 'hour' as span, t, 11 as n from generate_series(timestamptz '2025-11-24Z', '2026-11-23Z', '1 hour') t
           union all select 'day', t, 274 from generate_series(timestamptz '2025-11-24Z', '2026-11-23Z', '1 day') t) r`,
    [definition.name],
  );
  await kpis.query('analyze');
  const [plan] = await kpis.query(`explain (format json) ${ROLLUP_SQL}`, [
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
  await kpis.query(
    `insert into saga_history (definition, order_id, unit, visit, at, facts)
     select definition, order_id, 'u', 1, created_at, '[]' from saga order by created_at`,
  );
  await kpis.query(
    `select brin_summarize_new_values(inhrelid) from pg_inherits where inhparent = 'saga_history_lately'::regclass`,
  );
  await kpis.query('analyze saga_history');
  const since = ['2026-11-22T00:00:00Z', '2026-11-22T02:00:00Z', 5_000, '2026-11-22T01:58:00Z', null];
  const look = JSON.stringify(await kpis.query(`explain (format json) ${CHANGED_SQL}`, since));
  expect(look).toMatch(/"Index Name":\s*"saga_history_\w+_at_idx"/);
  expect(look).not.toMatch(/"Node Type":\s*"Seq Scan",[^}]*"Relation Name":\s*"saga(_history\w*)?"/);

  const { body } = await kpis.ask('by=day&from=2025-11-24&to=2026-11-24');
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
    expect(await kpis.ask(query), query).toMatchObject({ status: 400, body: { status: 400 } });
  }
  expect((await kpis.ask('from=2020-01-01&to=2021-01-01&by=day')).body).toMatchObject({
    total: { throughput: { placed: 0 } },
  });
});
