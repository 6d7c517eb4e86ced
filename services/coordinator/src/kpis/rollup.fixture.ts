import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { defineSaga, minutes } from '@baton/saga';
import { type RunningService, startService } from '@baton/service-kit';
import { expect, vi } from 'vitest';
import { coordinator } from '../coordinator.module.js';
import { given, type OrderConversation } from '../definitions/events.fixture.js';
import { orderFulfilmentV1 } from '../definitions/order-fulfilment.v1.js';
import { KpiRollup } from './rollup.js';
import { tallySaga } from './saga-tally.js';
import { sumOf, type Tally } from './tally.js';

export const definition = defineSaga(orderFulfilmentV1);

const START = '2026-11-24T09:10:00.000Z';
/** So many minutes into the test's day. */
export const at = (minute: number): Date => new Date(Date.parse(START) + minutes(minute));

/** What an order says from that minute on. */
export const conversation = (minute: number): OrderConversation => {
  const each = given();
  each.now = at(minute).toISOString();
  return each;
};

/** What the rollups of these sagas must hold, by hour. */
export const expected = (conversations: readonly OrderConversation[]): ReadonlyMap<string, Tally> => {
  const all = conversations.map(({ saga, history }) => (saga ? tallySaga(definition, saga, history) : {}));
  const keys = [...new Set(all.flatMap((each) => Object.keys(each)))].toSorted();
  return new Map(keys.map((key) => [key, sumOf(all.flatMap((each) => each[key] ?? []))]));
};

/** Coordinators over one database, in which a test writes sagas, and which count when it says so. */
export class CountingCoordinators {
  /** How often each saga was stored. */
  private readonly visits = new Map<string, number>();

  private constructor(
    private readonly database: FreshDatabase,
    private readonly services: readonly RunningService[],
  ) {}

  static async start(processes: number): Promise<CountingCoordinators> {
    const database = await freshDatabase();
    const runs = vi.spyOn(KpiRollup.prototype, 'run');
    const services: RunningService[] = [];
    for (let n = 0; n < processes; n += 1) services.push(await startCoordinator(database.url));
    // Their own first looks, by a clock far ahead of the test's, are over before there is anything to find.
    await eventually(() => expect(runs.mock.results).toHaveLength(processes));
    await Promise.all(runs.mock.results.map(({ value }) => value as Promise<boolean>));
    runs.mockRestore();
    return new CountingCoordinators(database, services);
  }

  async stop(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()));
    await this.database.drop();
  }

  /** Forgets all sagas, and what was counted of them. */
  async clear(): Promise<void> {
    this.visits.clear();
    await this.query('truncate saga, saga_history, kpi_saga, kpi_saga_archive, kpi_rollup, kpi_progress');
  }

  get url(): string {
    return this.database.url;
  }

  query: FreshDatabase['query'] = (sql, params) => this.database.query(sql, params);

  process(n: number): RunningService {
    const service = this.services[n];
    if (!service) throw new Error('There is no such process.');
    return service;
  }

  /** Counts once; true while there is more to count. */
  run(now: Date, n = 0): Promise<boolean> {
    return this.process(n).app.get(KpiRollup).run(now);
  }

  async runAll(now: Date, n = 0): Promise<void> {
    while (await this.run(now, n));
  }

  /** Stores what a conversation has come to, as the pipeline does: the saga, and a row for what is new in its history. */
  async store(orderId: string, { saga, history, now }: OrderConversation, query = this.query): Promise<void> {
    if (!saga) throw new Error('There is no saga.');
    const visit = (this.visits.get(orderId) ?? 0) + 1;
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
    this.visits.set(orderId, visit);
  }

  /** Copies a stored saga with its history, under ids of their own. */
  async copy(orderId: string, copies: number): Promise<void> {
    for (const table of ['saga', 'saga_history']) {
      await this.query(
        `insert into ${table} select (jsonb_populate_record(t, jsonb_build_object('order_id', 'copy-' || n))).*
         from ${table} t, generate_series(1, ${copies}) n where t.order_id = $1`,
        [orderId],
      );
    }
  }

  async rollups(span: 'hour' | 'day'): Promise<ReadonlyMap<string, Tally>> {
    const sql = 'select starts_at, tally from kpi_rollup where span = $1 order by starts_at';
    const rows = await this.query(sql, [span]);
    return new Map(rows.map((row) => [(row['starts_at'] as Date).toISOString(), row['tally'] as Tally]));
  }

  /** `GET /kpis`. */
  async ask(query: string) {
    const response = await fetch(`${this.process(0).url}/kpis?${query}`);
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  }
}

/** @param lookSeconds between its own looks; when absent they are so far apart that only a test's count */
export const startCoordinator = (url: string, lookSeconds = 3_600): Promise<RunningService> => {
  const env = { DATABASE_URL: url, LOG_LEVEL: 'silent', KPI_ROLLUP_SECONDS: String(lookSeconds) };
  return startService(coordinator, { env, transport: new MemoryTransport() });
};
