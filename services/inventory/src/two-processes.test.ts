import type { Event } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backorderPlaced, dispatched, lines, orderPlaced, releaseRequested } from './testing/messages.js';
import { RunningInventory, until } from './testing/running-inventory.js';

const ORDERS = 200;
const STOCK = 120;

let running: RunningInventory;
beforeAll(async () => {
  running = await RunningInventory.start(2);
});
afterAll(() => running?.stop());

describe('When_two_processes_serve_orders_for_the_same_SKU', () => {
  /** Each event once: a process also publishes what another has committed and may not have published. */
  const said = (name: string) => {
    const published = running.processes.flatMap(({ transport }) => transport.published);
    const named = published.filter(({ headers }) => headers['ce_type']?.includes(`.${name}.`));
    return [...new Map(named.map((record) => [record.headers['ce_id'], record])).values()];
  };
  const feedBoth = async (events: readonly Event[]): Promise<void> => {
    const { processes } = running;
    // In small portions and out of step, so that units of work of the two meet in every way.
    for (let from = 0; from < events.length; from += 10) {
      const portion = events.slice(from, from + 10);
      await Promise.all(
        processes.map(({ transport }, index) =>
          transport.feed(portion.filter((_, n) => n % processes.length === index)),
        ),
      );
    }
  };
  const orders = Array.from({ length: ORDERS }, (_, n) => `o${n}`);

  it('oversells nothing, loses nothing, and leaves nobody waiting who could be served', async () => {
    const items = ['hot', 'also'].map((sku) => ({ sku, location: 'East', onHand: STOCK }));
    await running.http('POST', '/stock/import', { items });

    await feedBoth(orders.map((order, n) => orderPlaced(order, n % 2 ? lines('hot:1') : lines('also:1', 'hot:1'))));
    await until('all are answered', () => said('StockReserved').length + said('StockShort').length === ORDERS);
    expect(said('StockReserved')).toHaveLength(STOCK);

    const short = said('StockShort').map(({ key }) => key);
    const held = said('StockReserved').map(({ key }) => key);
    const released = held.slice(0, 30);
    await feedBoth(
      short.flatMap((order, n) => [
        backorderPlaced(order, n, n % 2 ? lines('hot:1') : lines('also:1', 'hot:1')),
        ...(released[n] === undefined ? [] : [releaseRequested(released[n])]),
      ]),
    );
    await until('what was released is reserved again', () => said('StockReserved').length === STOCK + released.length);
    await feedBoth(held.slice(30).map((order) => dispatched(order)));
    await until('all is settled', () => said('StockSettled').length === STOCK - released.length);

    const audit = await running.http('GET', '/stock/audit');
    expect(audit.body).toEqual({ drift: 0, examples: [] });
    expect((await running.http('GET', '/stock/hot')).body).toMatchObject({
      waiting: ORDERS - STOCK - released.length,
      levels: [{ onHand: released.length, reserved: released.length, available: 0 }],
    });
    expect(await running.database.query('select count(*)::int as held from held_message')).toEqual([{ held: 0 }]);
  });
});

describe('When_two_processes_are_told_the_same_wish_at_the_same_time', () => {
  const KEYS = 40;
  const arrived = async (process: number, quantity: number, key: number) => {
    const response = await fetch(`${running.processes[process]?.service.url}/stock/keyed/East/replenishments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `k${key}` },
      body: JSON.stringify({ quantity }),
    });
    return { status: response.status, body: await response.json() };
  };

  it('does it once under its key, gives both the same answer, and refuses another wish under the key', async () => {
    await running.http('POST', '/stock/import', { items: [{ sku: 'keyed', location: 'East', onHand: 0 }] });
    const told = await Promise.all(
      Array.from({ length: KEYS }, (_, key) =>
        Promise.all([arrived(0, 1, key), arrived(1, 1, key), arrived(key % 2, 2, key)]),
      ),
    );
    let units = 0;
    for (const answers of told) {
      const done = answers.filter(({ status }) => status === 200);
      const refused = answers.filter(({ status }) => status === 422);
      // Whichever of the two wishes came first.
      const quantity = answers[2]?.status === 200 ? 2 : 1;
      expect([done.length, refused.length]).toEqual(quantity === 1 ? [2, 1] : [1, 2]);
      for (const { body } of done) expect(body).toEqual(done[0]?.body);
      units += quantity;
    }
    const { body } = await running.http('GET', '/stock/keyed');
    expect(body).toMatchObject({ levels: [{ onHand: units }] });
  });
});
