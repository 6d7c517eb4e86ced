import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { at, conversation, expected, CountingCoordinators } from './rollup.fixture.js';
import { RollupStore } from './rollup-store.js';

let kpis: CountingCoordinators;

beforeAll(async () => {
  kpis = await CountingCoordinators.start(2);
});
afterAll(() => kpis.stop());
beforeEach(() => kpis.clear());

it('finds what became visible after it had looked', async () => {
  const [early, slow] = [conversation(10).placed(), conversation(9).placed()];
  await kpis.store('early', early);
  await kpis.runAll(at(10.5));
  // Its unit of work began before the look, and committed after it.
  await kpis.store('slow', slow);
  await kpis.runAll(at(11));
  expect(await kpis.rollups('hour')).toEqual(expected([early, slow]));
});

it('finds what was written by a transaction that had begun before it looked, and committed after', async () => {
  const [early, slow] = [conversation(10).placed(), conversation(9).placed()];
  const other = kpis.process(1).app.get(DataSource).createQueryRunner();
  await kpis.store('early', early);
  await kpis.runAll(at(10.4));
  await other.startTransaction();
  await kpis.store('slow', slow, (sql, params) => other.query(sql, [...(params ?? [])]));
  await kpis.runAll(at(10.5));
  await kpis.runAll(at(10.6));
  await other.commitTransaction();
  await other.release();
  await kpis.runAll(at(11));
  expect(await kpis.rollups('hour')).toEqual(expected([early, slow]));
});

it('looks at what nobody has seen alone, and at everything lately where nobody can say what that is', async () => {
  const order = conversation(0).placed();
  await kpis.store('o-1', order);
  await kpis.runAll(at(1));
  const found = vi.spyOn(RollupStore.prototype, 'load');
  await kpis.runAll(at(1.1));
  await kpis.store('o-2', conversation(1).placed());
  await kpis.runAll(at(1.2));
  expect(found.mock.calls.map(([sagas]) => sagas.map(({ orderId }) => orderId))).toEqual([['o-2']]);
  // As a backup that is restored on another server: the numbers of its transactions mean nothing there.
  await kpis.query(`update kpi_progress set looked_before = '1000000000', looked_by = '1000000001'`);
  await kpis.store('o-3', conversation(1).placed());
  await kpis.runAll(at(1.3));
  expect(await kpis.rollups('hour')).toEqual(expected([order, conversation(1).placed(), conversation(1).placed()]));
  found.mockRestore();
});
