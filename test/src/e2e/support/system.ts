import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatonClient, type OrderDetail, type OrderStatus } from '@baton/client';
import { eventually } from '@baton/messaging/testing';
import { obedient } from '@baton/shipping';
import pg from 'pg';
import {
  Auditor,
  type Books,
  databaseName,
  type Places,
  settle,
  startEmbedded,
  type System,
  type World,
} from '@baton/run';

/** For what takes milliseconds on a quiet machine. */
export const PATIENCE_MS = 60_000;

/** Nobody works the pick lists, carriers obey and deliver at once, so that a test decides when what happens. */
const stillWorld: World = { deliverySeconds: 0, packingSeconds: 0, staff: 0, carriers: obedient };

/** The embedded system in this process, in a data folder of its own. */
export interface TestSystem {
  readonly system: System;
  readonly places: Places;
  readonly url: string;
  readonly client: BatonClient;
  readonly auditor: Auditor;
  /** What the system said to whoever started it. */
  readonly said: readonly string[];
  /** Waits until an order has this status; its detail. */
  reaches(orderId: string, status: OrderStatus): Promise<OrderDetail>;
  /** Waits until an order's sentence fits. */
  tells(orderId: string, sentence: RegExp): Promise<OrderDetail>;
  /** Waits until these orders have ended or wait for stock and their mails are sent; the books about them. */
  settled(orderIds: readonly string[]): Promise<Books>;
  /** Looks into a service's database. */
  query(database: DatabaseName, sql: string, params?: readonly unknown[]): Promise<readonly Row[]>;
  stop(): Promise<void>;
}

export type Row = Readonly<Record<string, unknown>>;
export type DatabaseName = Parameters<typeof databaseName>[0];

export const startSystem = async (world: Partial<World> = {}): Promise<TestSystem> => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-e2e-'));
  const places = await settle(folder, 0);
  const said: string[] = [];
  const system = await startEmbedded(places, { ...stillWorld, ...world }, (line) => said.push(line));
  return testSystem(system, places, said, async () => {
    await system.stop();
    rmSync(folder, { recursive: true, force: true });
  });
};

/** A system that runs, with what tests want to know of it. */
export const testSystem = (
  system: System,
  places: Places,
  said: readonly string[],
  stop: () => Promise<void>,
): TestSystem => {
  const client = new BatonClient({ url: system.url });
  const auditor = new Auditor((database) => system.databaseUrl(database));
  const waitFor = (orderId: string, fits: (detail: OrderDetail) => boolean, what: string): Promise<OrderDetail> =>
    eventually(async () => {
      const detail = await client.orders.get(orderId);
      if (fits(detail)) return detail;
      const facts = detail.timeline.map(({ fact }) => fact).join(', ');
      throw new Error(`Order ${orderId} should ${what}; it is ${detail.status}: ${detail.waitsFor} (${facts})`);
    }, PATIENCE_MS);
  return {
    system,
    places,
    url: system.url,
    client,
    auditor,
    said,
    reaches: (orderId, status) => waitFor(orderId, (detail) => detail.status === status, `become ${status}`),
    tells: (orderId, sentence) => waitFor(orderId, ({ waitsFor }) => sentence.test(waitsFor), `say ${sentence}`),
    settled: async (orderIds) => {
      await eventually(async () => {
        const left = await auditor.unsettled(orderIds);
        if (left > 0)
          throw new Error(`${left} orders or mails are not settled: ${JSON.stringify(await auditor.books(orderIds))}`);
      }, PATIENCE_MS);
      return auditor.books(orderIds);
    },
    query: async (database, sql, params = []) => {
      const client = new pg.Client({ connectionString: system.databaseUrl(databaseName(database)) });
      await client.connect();
      try {
        return (await client.query<Row>(sql, [...params])).rows;
      } finally {
        await client.end();
      }
    },
    stop: async () => {
      await auditor.close();
      await stop();
    },
  };
};
