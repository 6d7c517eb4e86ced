import { type FreshDatabase, freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { type RunningService, startService } from '@baton/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { coordinator } from '../coordinator.module.js';
import { orderFulfilmentV1 } from '../definitions/order-fulfilment.v1.js';
import { bucketOf } from './histogram.js';
import { KpiRollup } from './rollup.js';
import type { Span } from './rollup-store.js';
import type { KpiAnswer } from './api.js';
import type { PeriodKpis } from './report.js';
import { Sum, type Tally } from './tally.js';

/** Few enough for every run of the tests; the docs' figures are for `KPI_SAGAS=1000000`. */
const SAGAS = Number(process.env['KPI_SAGAS'] ?? 100_000);
const HOUR_MS = 3_600_000;
/** Everything lies within a year, evenly. */
const HOURS = 365 * 24;
const LAST_HOUR = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const FIRST_HOUR = LAST_HOUR - (HOURS - 1) * HOUR_MS;

/** Typical lengths of what is measured, seconds; single sagas take up to ten times as long, or a tenth. */
const LENGTHS = {
  cycle: 200_000,
  'until-pivot': 40_000,
  'step/reserve': 0.4,
  'step/pick': 20_000,
  'step/book': 3,
  'step/dispatch': 9_000,
  'step/settle': 0.5,
  'step/deliver': 150_000,
  'step/backorder': 300_000,
};
const CAUSES = ['event/ShipmentRejected', 'event/PickListShort', 'cancelled/customer', 'incident/deliver'];

let database: FreshDatabase;
let service: RunningService;

/** What the n-th saga adds to an hour. */
const tallyOf = (n: number): Tally => ({
  counts: {
    placed: 1,
    completed: 1,
    'done/pick': 1,
    [`carrier/${n % 3 === 0 ? 'swift' : 'parcelway'}`]: 1,
    ...(n % 9 === 0 && { troubled: 1, [`cause/${CAUSES[n % CAUSES.length]}`]: 1 }),
  },
  times: Object.fromEntries(
    Object.entries(LENGTHS).map(([name, typical], at) => {
      const spread = (((n + at) * 7_919) % 1_000) / 500 - 1;
      return [name, { [bucketOf(typical * 10 ** spread)]: 1 }];
    }),
  ),
});

const iso = (hour: number): string => new Date(FIRST_HOUR + hour * HOUR_MS).toISOString();

/** The rollups that so many sagas leave. */
const fillRollups = async (): Promise<void> => {
  const sums: Record<Span, Map<string, Sum>> = { hour: new Map(), day: new Map() };
  for (let n = 0; n < SAGAS; n += 1) {
    const hour = iso(n % HOURS);
    const tally = tallyOf(n);
    for (const [span, start] of [
      ['hour', hour],
      ['day', `${hour.slice(0, 10)}T00:00:00.000Z`],
    ] as const) {
      const sum = sums[span].get(start) ?? new Sum();
      sums[span].set(start, sum.add(tally));
    }
  }
  for (const [span, all] of Object.entries(sums)) {
    const rows = [...all].map(([startsAt, tally]) => ({ startsAt, tally }));
    await database.query(
      `insert into kpi_rollup (definition, span, starts_at, tally)
       select $1, $2, "startsAt", tally
       from jsonb_to_recordset($3::jsonb) as c("startsAt" timestamptz, tally jsonb)`,
      [orderFulfilmentV1.name, span, JSON.stringify(rows)],
    );
  }
};

/** So many ended sagas, counted. */
const fillSagas = async (): Promise<void> => {
  const params = [orderFulfilmentV1.name, SAGAS, iso(0), HOURS];
  const when = `$3::timestamptz + (n % $4) * interval '1 hour'`;
  await database.query(
    `insert into saga (definition, order_id, version, status, state, visits, open_incidents, created_at, updated_at, ended_at)
     select $1, 'o-' || n, 1, 'completed', '{}', 4, 0, ${when}, ${when}, ${when} from generate_series(1, $2::int) n`,
    params,
  );
  await database.query(
    `insert into kpi_saga (definition, order_id, visits, tallies)
     select $1, 'o-' || n, 4, '{}' from generate_series(1, $2::int) n`,
    params.slice(0, 2),
  );
  await database.query('insert into kpi_progress (id, revision, counted_until) values (1, 1, now())');
  await database.query('analyze saga, kpi_saga, kpi_rollup');
};

beforeAll(async () => {
  database = await freshDatabase();
  const env = {
    DATABASE_URL: database.url,
    LOG_LEVEL: 'silent',
    KPI_ROLLUP_SECONDS: '3600',
    // What has ended stays where it is.
    ARCHIVE_AFTER_MINUTES: '1000000',
  };
  service = await startService(coordinator, { env, transport: new MemoryTransport() });
  await fillRollups();
  await fillSagas();
}, 300_000);
afterAll(async () => {
  await service?.stop();
  await database?.drop();
});

/** Milliseconds of repeated questions, the fastest first, and the last answer. */
const ask = async (query: string) => {
  const times: number[] = [];
  let answer: KpiAnswer | undefined;
  for (let n = 0; n < 9; n += 1) {
    const begun = performance.now();
    const response = await fetch(`${service.url}/kpis?${query}`);
    answer = (await response.json()) as KpiAnswer;
    times.push(performance.now() - begun);
    expect(response.status).toBe(200);
  }
  return { times: times.toSorted((a, b) => a - b), answer };
};

it.each([
  ['a year by day', `by=day&from=${iso(0).slice(0, 10)}`, SAGAS],
  ['a month by hour', `by=hour&from=${encodeURIComponent(iso(HOURS - 31 * 24 + 1))}`, undefined],
  ['the last week by day', 'by=day', undefined],
  [
    'a month of hours that begins and ends within days',
    `by=hour&from=${encodeURIComponent(iso(500))}&to=${encodeURIComponent(iso(1_200))}`,
    undefined,
  ],
])(`of ${SAGAS} sagas, %s adds up to its total`, async (name, query, placed) => {
  const { times, answer } = await ask(query);
  const median = times[4] ?? Infinity;
  // So that whoever runs this has the figure.
  console.log(`/kpis, ${name}: median ${median.toFixed(0)} ms, slowest ${times.at(-1)?.toFixed(0)} ms`);
  const periods = answer?.periods.map(({ kpis }) => kpis) ?? [];
  const sum = (count: (kpis: PeriodKpis) => number) => periods.reduce((all, kpis) => all + count(kpis), 0);
  expect(answer?.total.throughput.placed).toBe(placed ?? sum(({ throughput }) => throughput.placed));
  expect(answer?.total.cycleTime.overall.count).toBe(sum(({ cycleTime }) => cycleTime.overall.count));
  expect(answer?.total.cycleTime.steps['pick']?.count).toBe(answer?.total.utilisation.people.listsPacked);
});

it('looks for what changed among all sagas, and finds nothing', async () => {
  const rollups = () => database.query('select * from kpi_rollup order by span, starts_at limit 50');
  const before = await rollups();
  const begun = performance.now();
  await service.app.get(KpiRollup).run(new Date());
  console.log(`the rollup of ${SAGAS} sagas of which none changed: ${(performance.now() - begun).toFixed(0)} ms`);
  expect(await rollups()).toEqual(before);
});
