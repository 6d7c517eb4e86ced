import { readFileSync } from 'node:fs';
import type { Event } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backorderPlaced, dispatched, lines, orderPlaced, releaseRequested } from './testing/messages.js';
import { RunningInventory, until } from './testing/running-inventory.js';

let running: RunningInventory;
beforeAll(async () => {
  running = await RunningInventory.start();
});
afterAll(() => running?.stop());

const load = (items: readonly unknown[]) => running.http('POST', '/stock/import', { items });
const namesOf = (orderId: string) => running.first.transport.saidOf(orderId).map(({ name }) => name);
const onHandOf = async (sku: string) =>
  ((await running.http('GET', `/stock/${sku}`)).body['levels'] as { onHand: number }[])[0]?.onHand;

describe('The_HTTP_API', () => {
  beforeAll(async () => {
    await load([
      { sku: 'api-pen', location: 'East', onHand: 5, name: 'Pen 🖊 "); drop table stock; --' },
      { sku: 'api-pen', location: 'West', onHand: 2 },
      { sku: 'api-pad', location: 'East', onHand: 0 },
    ]);
  });

  it('shows stock', async () => {
    expect(await running.http('GET', '/stock?sku=api-&limit=1')).toMatchObject({
      status: 200,
      body: { next: 'api-pad', stock: [{ sku: 'api-pad', available: 0 }] },
    });
    expect((await running.http('GET', '/stock?sku=api-&low=0')).body).toMatchObject({
      next: null,
      stock: [{ sku: 'api-pad' }],
    });
    expect((await running.http('GET', '/stock/api-pen')).body).toEqual({
      sku: 'api-pen',
      name: 'Pen 🖊 "); drop table stock; --',
      waiting: 0,
      available: 7,
      levels: [
        { location: 'East', onHand: 5, reserved: 0, available: 5 },
        { location: 'West', onHand: 2, reserved: 0, available: 2 },
      ],
    });
  });

  it('takes a delivery once for each key', async () => {
    const path = '/stock/api-pad/East/replenishments';
    const first = await running.http('POST', path, { quantity: 3 }, { 'idempotency-key': 'delivery-7' });
    expect(first).toMatchObject({ status: 200, body: { onHand: 3, available: 3, served: [] } });
    expect(await running.http('POST', path, { quantity: 3 }, { 'idempotency-key': 'delivery-7' })).toEqual(first);
    const other = await running.http('POST', path, { quantity: 4 }, { 'idempotency-key': 'delivery-7' });
    expect(other.status).toBe(422);
    expect(await onHandOf('api-pad')).toBe(3);
    await until('the delivery was published', () => namesOf('api-pad').includes('StockReplenished'));
    expect(namesOf('api-pad')).toEqual(['StockReplenished']);
  });

  it.each([-5, 0, 1.5, 1e9 + 1, '3', null])('refuses a delivery of %s', async (quantity) => {
    const { status, type, body } = await running.http('POST', '/stock/api-pen/East/replenishments', { quantity });
    expect({ status, type }).toEqual({ status: 400, type: expect.stringContaining('application/problem+json') });
    expect(body['issues']).toEqual([{ path: 'quantity', message: expect.any(String) }]);
    expect(await onHandOf('api-pen')).toBe(5);
  });

  it.each([
    ['malformed JSON', 'POST', '/stock/api-pen/East/counts', '{"counted": 1', 400],
    ['no body', 'POST', '/stock/api-pen/East/counts', undefined, 400],
    ['a field that nobody knows', 'POST', '/stock/api-pen/East/counts', { counted: 1, force: true }, 400],
    ['a body of 20 MB', 'POST', '/stock/import', JSON.stringify({ items: [], pad: 'x'.repeat(20_000_000) }), 413],
    ['a bad SKU', 'POST', '/stock/%00/East/counts', { counted: 1 }, 400],
    ['an unknown SKU', 'POST', '/stock/no-such/East/counts', { counted: 1 }, 404],
    ['an unknown location', 'POST', '/stock/api-pen/Wset/replenishments', { quantity: 1 }, 404],
    ['an unknown SKU to read', 'GET', '/stock/no-such', undefined, 404],
    ['a SKU to read that is none', 'GET', "/stock/'; drop table stock", undefined, 404],
    ['a limit of 0', 'GET', '/stock?limit=0', undefined, 400],
    ['a limit above 200', 'GET', '/stock?limit=201', undefined, 400],
    ['a filter that nobody knows', 'GET', '/stock?color=red', undefined, 400],
    ['no order', 'GET', '/reservations', undefined, 400],
    ['a cursor that is none', 'GET', '/backorders?after=1', undefined, 400],
    ['a cursor before all years', 'GET', '/backorders?after=0000-01-01T00:00:00Z/o/1', undefined, 400],
    ['a shipment beyond all numbers', 'GET', '/reservations?orderId=o&after=3000000000', undefined, 400],
    [
      'a SKU by the name of a page',
      'POST',
      '/stock/import',
      { items: [{ sku: 'audit', location: 'E', onHand: 1 }] },
      400,
    ],
  ] as const)('answers %s with a problem', async (_, method, path, body, status) => {
    const answer = await running.http(method, path, body);
    expect({ status: answer.status, type: answer.type }).toEqual({
      status,
      type: expect.stringContaining('application/problem+json'),
    });
    expect(answer.body['detail']).toEqual(expect.any(String));
  });

  it('refuses a key that a header cannot hold alike everywhere', async () => {
    const headers = { 'idempotency-key': 'ü' };
    expect((await running.http('POST', '/stock/api-pen/East/counts', { counted: 5 }, headers)).status).toBe(400);
  });

  it('describes itself', async () => {
    const { body } = await running.http('GET', '/openapi.json');
    expect(Object.keys(body['paths'] as object)).toEqual(
      expect.arrayContaining([
        '/stock',
        '/stock/audit',
        '/stock/import',
        '/stock/{sku}',
        '/reservations',
        '/backorders',
      ]),
    );
  });
});

describe('A_count_that_is_refused', () => {
  it('waits for nobody who works on a reservation in the way', async () => {
    await load([{ sku: 'clip', location: 'East', onHand: 3 }]);
    await running.first.transport.feed([orderPlaced('clips', lines('clip:3'))]);
    await until('it is reserved', () => namesOf('clips').includes('StockReserved'));
    await running.database.transaction(async (other) => {
      await other.query(`select 1 from reservation where order_id = 'clips' for update`);
      expect((await running.http('POST', '/stock/clip/East/counts', { counted: 2 })).body).toMatchObject({
        status: 409,
        reserved: 3,
        reservations: [{ orderId: 'clips', shipment: 1, quantity: 3 }],
      });
    });
  });
});

describe('Events_through_the_unit_of_work', () => {
  const feed = (...events: readonly Event[]) => running.first.transport.feed(events);

  it('reserve, wait, release and settle on the real tables', async () => {
    await load([{ sku: 'ink', location: 'East', onHand: 3 }]);
    await feed(orderPlaced('holder', lines('ink:3')));
    await until('it is reserved', () => namesOf('holder').includes('StockReserved'));
    await feed(backorderPlaced('waiter', 1, lines('ink:2')), backorderPlaced('last', 2, lines('ink:2')));
    await until(
      'both wait',
      async () => ((await running.http('GET', '/backorders?sku=ink')).body['backorders'] as unknown[]).length === 2,
    );
    expect((await running.http('POST', '/stock/ink/East/counts', { counted: 2 })).body).toMatchObject({
      type: 'urn:baton:problem:stock-below-reserved',
      status: 409,
      reserved: 3,
      reservations: [{ orderId: 'holder', shipment: 1, quantity: 3 }],
    });
    await feed(releaseRequested('holder'));
    await until('the oldest is served', () => namesOf('waiter').includes('StockReserved'));
    await feed(dispatched('waiter', 2), dispatched('waiter', 2));
    await until('it is settled, and said so twice', () => namesOf('waiter').length === 3);
    expect((await running.http('GET', '/stock/ink')).body).toMatchObject({
      waiting: 2,
      levels: [{ onHand: 1, reserved: 0 }],
    });
    await running.http('POST', '/stock/ink/East/replenishments', { quantity: 1 });
    await until('the last is served', () => namesOf('last').includes('StockReserved'));
    expect((await running.http('GET', '/reservations?orderId=waiter')).body).toMatchObject({
      next: null,
      reservations: [{ shipment: 2, state: 'settled', location: 'East', placedAt: '2026-01-01T00:01:00.000Z' }],
    });
    expect((await running.http('GET', '/stock/audit')).body).toEqual({ drift: 0, examples: [] });
  });

  it('of one unit of work see what the ones before changed', async () => {
    await load([{ sku: 'pad', location: 'East', onHand: 4 }]);
    await feed(
      backorderPlaced('pads', 1, lines('pad:3')),
      backorderPlaced('more', 2, lines('pad:3')),
      releaseRequested('pads', { shipment: 2 }),
      releaseRequested('more', { shipment: 2 }),
      backorderPlaced('pads', 1, lines('pad:3')),
      releaseRequested('never', { shipment: 1 }),
    );
    await feed(orderPlaced('never', lines('pad:1')), orderPlaced('at-once', lines('pad:4')));
    await until('all was said', () => namesOf('at-once').length === 1);
    expect(namesOf('pads')).toEqual(['StockReserved', 'StockReleased']);
    expect(namesOf('more')).toEqual(['StockReserved', 'StockReleased']);
    expect(namesOf('never')).toEqual(['StockReleased']);
    expect((await running.http('GET', '/stock/audit')).body).toEqual({ drift: 0, examples: [] });
  });

  it('that make no sense are put aside with the reason, and the orders around them go on', async () => {
    await load([{ sku: 'cap', location: 'East', onHand: 1 }]);
    await feed(releaseRequested('stranger'), dispatched('stranger'), orderPlaced('neighbour', lines('cap:1')));
    await until('the neighbour is reserved', () => namesOf('neighbour').includes('StockReserved'));
    const dead = await running.database.query(
      `select reason from held_message where state = 'dead' and key = 'stranger'`,
    );
    expect(dead).toEqual([{ reason: expect.stringContaining('its stock is tombstone') }]);
  });
});

describe('The_runbook_for_drift', () => {
  const sql = /```sql\n([\s\S]*?)```/.exec(
    readFileSync(new URL('../../../docs/runbooks/stock-drift.md', import.meta.url), 'utf8'),
  )?.[1];
  const booked = async () => (await running.database.query(`select levels, waiting from stock where sku = 'nib'`))[0];
  const drift = async () => (await running.http('GET', '/stock/audit')).body['drift'];

  it.each([
    ['too much reserved', 4, 5, 5],
    ['too little reserved', 1, 5, 5],
    ['less on hand than is reserved', 1, 1, 3],
  ])('repairs %s, and leaves the other SKUs alone', async (_, reserved, onHand, repaired) => {
    await load([
      { sku: 'nib', location: 'East', onHand: 5 },
      { sku: 'nib', location: 'West', onHand: 0 },
      { sku: 'nib-2', location: 'East', onHand: 9 },
    ]);
    const wanted = lines('nib:1', 'nib-2:1', 'nib:2');
    await running.first.transport.feed([orderPlaced('nibs', wanted)]);
    await running.first.transport.feed([backorderPlaced('nibs-later', 1, lines('nib:50'))]);
    await until('one is reserved and one waits', async () => {
      const { waiting } = await booked();
      return namesOf('nibs').includes('StockReserved') && waiting === 50;
    });
    const other = await running.http('GET', '/stock/nib-2');
    await running.database.query(`update stock set levels = $1, waiting = 7 where sku = 'nib'`, [
      JSON.stringify([
        { location: 'East', onHand, reserved },
        { location: 'West', onHand: 0, reserved: 0 },
      ]),
    ]);
    expect(await drift()).toBe(2);
    await running.database.query((sql ?? '').replace('<sku>', 'nib'));
    expect(await drift()).toBe(0);
    expect(await booked()).toEqual({
      waiting: 50,
      levels: [
        { location: 'East', onHand: repaired, reserved: 3 },
        { location: 'West', onHand: 0, reserved: 0 },
      ],
    });
    expect(await running.http('GET', '/stock/nib-2')).toEqual(other);
    expect((await running.http('POST', '/stock/nib/East/counts', { counted: 5 })).status).toBe(200);
  });
});

describe('A_reservation_in_the_archive', () => {
  const keepHouse = async (): Promise<void> => {
    await running.database.query(`update reservation set created_at = now() - interval '1 day'`);
    await running.first.service.housekeeper?.round(new Date());
  };
  const said = () => running.first.transport.saidOf('arch-1');
  const rows = async (table: string) =>
    (await running.database.query(`select state from ${table} where order_id like 'arch-%' order by order_id`)).map(
      ({ state }: { state: string }) => state,
    );

  it('guards against doing anything twice, as it did before', async () => {
    await load([{ sku: 'arch-pen', location: 'East', onHand: 5 }]);
    const { transport } = running.first;
    await transport.feed([orderPlaced('arch-1', lines('arch-pen:2'))]);
    await until('it is reserved', () => said().length === 1);
    await transport.feed([dispatched('arch-1')]);
    await until('it is settled', () => said().length === 2);
    await transport.feed([releaseRequested('arch-2')]);
    await until('the tombstone stands', () => namesOf('arch-2').length === 1);
    await keepHouse();
    expect([await rows('reservation'), await rows('reservation_archive')]).toEqual([[], ['settled', 'tombstone']]);
    const shown = await running.http('GET', '/reservations?orderId=arch-1');
    expect(JSON.stringify(shown.body)).toContain('settled');

    // Published once more: the same answers, and nothing is taken from the shelf again.
    await transport.feed([orderPlaced('arch-1', lines('arch-pen:2')), dispatched('arch-1')]);
    await until('both are answered again', () => said().length === 4);
    expect(said().slice(2)).toEqual(said().slice(0, 2));
    expect(await onHandOf('arch-pen')).toBe(3);

    // What comes after its undo finds the tombstone there.
    await keepHouse();
    expect(await rows('reservation')).toEqual([]);
    await transport.feed([orderPlaced('arch-2', lines('arch-pen:1'))]);
    await until('the tombstone is back', async () => (await rows('reservation')).length === 1);
    expect(namesOf('arch-2')).toEqual(['StockReleased']);
    expect((await running.http('GET', '/stock/arch-pen')).body).toMatchObject({ available: 3 });
    expect((await running.http('GET', '/stock/audit')).body).toMatchObject({ drift: 0 });
  });
});
