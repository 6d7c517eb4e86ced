import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OrderInput } from '@baton/contracts';
import { eventually } from '@baton/messaging/testing';
import {
  Auditor,
  balances,
  type DatabaseName,
  databaseName,
  databases,
  loadCatalogue,
  nextOrders,
  type Places,
  type ProcessSystem,
  publishOrders,
  settle,
  startProcesses,
} from '@baton/run';
import { obedient } from '@baton/shipping';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEADLINE_MS } from './chaos-system.js';

/** Orders before the backup, after it, and after the restore. */
const [BEFORE, AFTER, LATER] = [30, 15, 5];

const world = { deliverySeconds: 1, packingSeconds: 0.2, staff: 2, carriers: obedient };
const said: string[] = [];

let folder: string;
let places: Places;
let system: ProcessSystem | undefined;
let auditor: Auditor;

const start = async (): Promise<ProcessSystem> => {
  system = await startProcesses(places, world, (line) => said.push(line));
  auditor = new Auditor(system.databaseUrl);
  return system;
};
const stop = async (): Promise<void> => {
  await auditor?.close();
  await system?.stop();
  system = undefined;
};
const copy = (from: string, to: string): void => {
  execFileSync('cp', ['-a', from, to]);
};
const publish = async (running: ProcessSystem, count: number): Promise<readonly OrderInput[]> => {
  const orders = await nextOrders(running, auditor, count, () => undefined);
  await publishOrders(running.transport, orders, AbortSignal.timeout(DEADLINE_MS));
  return orders;
};
const settled = (ids: readonly string[]): Promise<unknown> =>
  eventually(async () => expect(await auditor.unsettled(ids)).toBe(0), DEADLINE_MS);
const ask = async (running: ProcessSystem, name: DatabaseName, sql: string): Promise<readonly unknown[]> => {
  const client = new pg.Client({ connectionString: running.databaseUrl(databaseName(name)) });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(sql);
  await client.end();
  return rows;
};
const DEAD = `select name, key, origin, reason from held_message where state = 'dead'`;
const deadLetters = async (running: ProcessSystem): Promise<readonly unknown[]> =>
  (await Promise.all(databases.map((name) => ask(running, name, DEAD)))).flat();
/** Leaves something by which the later state of a database is told from an earlier one. */
const mark = (running: ProcessSystem) => ask(running, 'orders', 'create table later ()');
const isMarked = async (running: ProcessSystem): Promise<boolean> =>
  (await ask(running, 'orders', `select 1 from pg_class where relname = 'later'`)).length > 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-restore-'));
  places = await settle(folder, 0);
});
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
}, DEADLINE_MS);

it('databases restored to one earlier moment catch up from their positions in Kafka', {
  timeout: 3 * DEADLINE_MS,
}, async () => {
  const cluster = places.file('postgres');
  const backup = join(folder, 'backup');
  let running = await start();
  await loadCatalogue(running.url, () => undefined);
  const orders = [...(await publish(running, BEFORE))];
  const ids = () => orders.map(({ orderId }) => orderId);
  await eventually(async () => expect((await auditor.progress(ids())).packed).toBeGreaterThan(3), DEADLINE_MS);
  const underWay = await auditor.progress(ids());
  expect(underWay.completed).toBeLessThan(BEFORE);
  await stop();
  copy(cluster, backup);

  // What happens after the backup: Kafka, the carriers and the mail server know of it, and the restored databases do not.
  running = await start();
  orders.push(...(await publish(running, AFTER)));
  await settled(ids());
  await mark(running);
  await stop();
  rmSync(cluster, { recursive: true, force: true });
  copy(backup, cluster);

  running = await start();
  expect(await isMarked(running)).toBe(false);
  await settled(ids());
  orders.push(...(await publish(running, LATER)));
  await settled(ids());
  expect(await deadLetters(running)).toEqual([]);
  // What has gone out is off the books: nothing is held for anybody, however its events were read again.
  const held = `select order_id, state from reservation where state in ('reserved', 'early')`;
  await eventually(async () => expect(await ask(running, 'inventory', held)).toEqual([]), DEADLINE_MS);
  const books = await auditor.books(ids());
  expect(balances(books, orders.length), JSON.stringify(books)).toBe(true);
  expect(books).toMatchObject({ placed: BEFORE + AFTER + LATER, dead_letters: 0, stock_drift: 0, incidents: 0 });
});
