import { minutes } from '@baton/saga';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { at, conversation, definition, expected, CountingCoordinators } from './rollup.fixture.js';
import { ENDED } from './rollup-sql.js';
import { tallySaga } from './saga-tally.js';

let kpis: CountingCoordinators;

beforeAll(async () => {
  kpis = await CountingCoordinators.start(1);
});
afterAll(() => kpis.stop());
beforeEach(() => kpis.clear());

describe('A saga that was counted after its end', () => {
  const delivered = () =>
    conversation(0).placed().reserved().packed().booked().dispatched().settled().waits(minutes(5)).delivered();
  const kept = () => kpis.query('select visits, tallies from kpi_saga_all where not taken_back');

  it('is counted again by what happened until then, wherever what is kept of it rests', async () => {
    const order = delivered();
    await kpis.store('o-1', order);
    await kpis.runAll(at(10));
    // No tallies are kept, and no process of the release before would count it again.
    expect(await kept()).toEqual([{ visits: ENDED + 1, tallies: {} }]);
    for (const wish of [1, 2, 3]) {
      await kpis.store('o-1', order.waits(minutes(10)).wishesToCancel(wish));
      if (wish === 2) await kpis.store('o-1', order.waits(minutes(70)).untold('shipment-delivered', 1));
      await kpis.runAll(new Date(order.now));
      expect(await kpis.rollups('hour')).toEqual(expected([order]));
      await kpis.query('insert into kpi_saga_archive select *, now() from kpi_saga');
      await kpis.query('truncate kpi_saga');
    }
    const [hour] = (await kpis.rollups('hour')).values();
    expect(hour?.counts).toMatchObject({ completed: 1, troubled: 1, 'cause/event/NotificationFailed': 1 });
  });

  it('is found though a process of the release before, which leaves it out, counted meanwhile', async () => {
    const order = delivered();
    await kpis.store('o-1', order);
    await kpis.runAll(at(10));
    await kpis.store('o-1', order.waits(minutes(60)).untold('shipment-delivered', 1));
    await kpis.query('update kpi_progress set counted_until = $1', [at(100)]);
    await kpis.runAll(at(101));
    expect(await kpis.rollups('hour')).toEqual(expected([order]));
    expect((await kpis.ask('from=2026-11-24&to=2026-11-25')).body).toMatchObject({
      countedUntil: at(101).toISOString(),
    });
  });

  it('is known by its tallies where a process of the release before counted it', async () => {
    const order = delivered();
    await kpis.store('o-1', order);
    await kpis.runAll(at(10));
    const tallies = order.saga && tallySaga(definition, order.saga, order.history);
    await kpis.query('update kpi_saga set visits = 1, tallies = $1', [JSON.stringify(tallies)]);
    await kpis.store('o-1', order.waits(minutes(60)).untold('shipment-delivered', 1));
    await kpis.runAll(at(100));
    expect(await kpis.rollups('hour')).toEqual(expected([order]));
  });

  it('stays as it was counted when its history is gone', async () => {
    const order = delivered();
    await kpis.store('o-1', order);
    await kpis.runAll(at(10));
    await kpis.query('delete from saga_history');
    await kpis.store('o-1', order.waits(minutes(60)).untold('shipment-delivered', 1));
    await kpis.runAll(at(100));
    expect(await kpis.rollups('hour')).toEqual(expected([delivered()]));
  });
});
