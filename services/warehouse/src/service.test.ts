import {
  type Event,
  type EventDraft,
  FulfilmentContinued,
  PickListCancellationRequested,
  StockReserved,
} from '@baton/contracts';
import { decode, encode } from '@baton/messaging';
import {
  eventually,
  type FreshDatabase,
  freshDatabase,
  keepHouse,
  keepHouseLongAgo,
  MemoryTransport,
} from '@baton/messaging/testing';
import { type RunningService, startService } from '@baton/service-kit';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pickListStates } from './domain/pick-list.js';
import { NOW, reserved } from './domain/testing.js';
import { startStaff } from './staff/staff.js';
import { warehouse } from './warehouse.module.js';

let database: FreshDatabase;
let service: RunningService;
const transport = new MemoryTransport();

beforeAll(async () => {
  database = await freshDatabase();
  const env = { DATABASE_URL: database.url, LOG_LEVEL: 'silent' };
  service = await startService(warehouse, { env, transport });
});
afterAll(async () => {
  await service?.stop();
  await database?.drop();
});

const hear = (...events: readonly EventDraft[]): void =>
  transport.deliver(events.map((draft) => encode(draft, NOW, {})));
const reservedFor = (orderId: string, location = 'West') => StockReserved({ ...reserved, orderId, location });
const undoOf = (orderId: string) =>
  PickListCancellationRequested({ orderId, shipment: 1, reason: 'customer-cancelled' });
const said = (): readonly Event[] =>
  transport.records
    .map((record) => decode({ ...record, partition: 0, offset: 0n, timestamp: 0 }, () => true))
    .flatMap((decoded) => (decoded.kind === 'event' ? [decoded.event] : []));
const saidOf = (orderId: string): readonly string[] =>
  said().flatMap(({ key, name }) => (key === orderId ? [name] : []));
/** How many of the staff's orders heard this. */
const saidIn = (wanted: string): number =>
  said().filter(({ key, name }) => key.startsWith('S-') && name === wanted).length;

const http = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(`${service.url}/pick-lists${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, body: (await response.json()) as Record<string, unknown> };
};
const post = (path: string, body: unknown = {}, headers = {}) => http('POST', path, body, headers);
const listOf = async (orderId: string) => (await http('GET', `/${orderId}/1`)).body;
const come = (...orders: readonly string[]) =>
  Promise.all(
    orders.map((order) => eventually(async () => expect(await listOf(order)).toMatchObject({ orderId: order }))),
  );

describe('people over HTTP', () => {
  it('work a list from claim to pack', async () => {
    hear(reservedFor('H-1'));
    await come('H-1');
    expect((await post('/H-1/1/claim', { worker: 'ann' })).body).toMatchObject({ state: 'claimed', worker: 'ann' });
    await post('/H-1/1/pick', { lineId: 'l1', quantity: 3, worker: 'ann' });
    expect(await post('/H-1/1/pack', { parcels: 1 })).toMatchObject({
      status: 409,
      body: { left: [{ lineId: 'l2' }] },
    });
    await post('/H-1/1/pick', { picks: [{ lineId: 'l2', quantity: 2 }] });
    expect((await post('/H-1/1/pack', { parcels: 2 })).body).toMatchObject({ state: 'packed', parcels: 2 });
    await eventually(() => expect(saidOf('H-1')).toEqual(['PickListCreated', 'PickListPacked']));
  });

  it('never hold a list together, however many reach for it at once', async () => {
    hear(reservedFor('H-2'));
    await come('H-2');
    const workers = Array.from({ length: 12 }, (_, index) => `w${index}`);
    const answers = await Promise.all(workers.map((worker) => post('/H-2/1/claim', { worker })));
    const { worker } = await listOf('H-2');
    expect(answers.filter(({ status }) => status === 200).map(({ body }) => body['worker'])).toEqual([worker]);
    const losers = answers.filter(({ status }) => status !== 200);
    expect(losers).toHaveLength(11);
    for (const { status, type, body } of losers) {
      expect(status).toBe(409);
      expect(type).toContain('application/problem+json');
      expect(body).toMatchObject({ worker, detail: `${String(worker)} holds this list.` });
    }
  });

  it('are told what is wrong with a bad request, and it changes nothing', async () => {
    hear(reservedFor('H-3'));
    await come('H-3');
    await post('/H-3/1/claim', { worker: 'ann' });
    const before = await listOf('H-3');
    const bad: readonly (readonly [string, unknown, number])[] = [
      ...[0, -1, 1.5, 1e9, '1', null].map((quantity) => ['/H-3/1/pick', { lineId: 'l1', quantity }, 400] as const),
      ['/H-3/1/pick', { lineId: 'l1', quantity: 4 }, 422],
      ['/H-3/1/pick', { lineId: 'of-another-list', quantity: 1 }, 422],
      ['/H-3/1/pick', { lineId: 'l1', quantity: 1, worker: 'bob' }, 409],
      ['/H-3/1/pick', '{"lineId":', 400],
      ['/H-3/1/pick', { lineId: 'l1\u0000', quantity: 1 }, 400],
      ['/H-3/1/pick', { lineId: '\ud800', quantity: 1 }, 400],
      ['/H-3/1/short', { lineId: 'l1', picked: 3 }, 422],
      ['/H-3/1/short', { lineId: 'l1', picked: -1 }, 400],
      ['/H-3/1/short', { lineId: 'nope', picked: 0 }, 422],
      ['/H-3/1/pack', { parcels: 1 }, 409],
      ['/H-3/1/pack', { parcels: 0 }, 400],
      ['/H-3/1/put-away', {}, 409],
      ['/H-3/1/claim', { worker: "x'; drop table pick_lists; --" }, 400],
      ['/H-3/1/claim', { worker: '🙂' }, 400],
      ['/H-3/2/claim', { worker: 'ann' }, 404],
      ['/H-3/0/claim', { worker: 'ann' }, 400],
      ['/H-3/1.5/claim', { worker: 'ann' }, 400],
      ['/no%00body/1/claim', { worker: 'ann' }, 400],
    ];
    for (const [path, body, status] of bad) {
      const answer = await post(path, body);
      expect(answer, `${path} ${JSON.stringify(body)}`).toMatchObject({
        status,
        body: { status, detail: expect.any(String) },
      });
      expect(answer.type).toContain('application/problem+json');
    }
    expect(await listOf('H-3')).toEqual(before);
    for (const query of [
      '?limit=0',
      '?limit=201',
      '?limit=x',
      '?state=lost',
      '?after=x',
      '?after=0000-01-01T00:00:00Z/o/1',
      '?nonsense=1',
    ]) {
      expect((await http('GET', query)).status, query).toBe(400);
    }
  });

  it('may repeat a request under its key, and not use the key for another', async () => {
    hear(reservedFor('H-4'));
    await come('H-4');
    const key = { 'idempotency-key': 'k-1' };
    const first = await post('/H-4/1/claim', { worker: 'ann' }, key);
    await post('/H-4/1/pick', { lineId: 'l1', quantity: 1 });
    expect(await post('/H-4/1/claim', { worker: 'ann' }, key)).toEqual(first);
    expect((await post('/H-4/1/claim', { worker: 'bob' }, key)).status).toBe(422);
    expect((await post('/H-4/1/claim', { worker: 'ann' }, { 'idempotency-key': 'x'.repeat(300) })).status).toBe(400);
  });

  it('page through lists, oldest first, by location and state', async () => {
    const orders = ['P-1', 'P-2', 'P-3', 'P-4', 'P-5'];
    hear(...orders.map((order) => reservedFor(order, 'Attic')));
    await come(...orders);
    await post('/P-3/1/claim', { worker: 'ann' });
    const pages: string[][] = [];
    for (let next: string | null = ''; next !== null; ) {
      const after: string = next === '' ? '' : `&after=${encodeURIComponent(next)}`;
      const { body } = await http('GET', `?location=Attic&limit=2${after}`);
      pages.push((body['items'] as { orderId: string }[]).map(({ orderId }) => orderId));
      next = body['next'] as string | null;
    }
    expect(pages).toEqual([['P-1', 'P-2'], ['P-3', 'P-4'], ['P-5']]);
    const open = await http('GET', '?location=Attic&state=open');
    expect(open.body['items']).toHaveLength(4);
  });

  it('look for lists to work in the table alone, and not in the archive', async () => {
    // None is ever there: that these are not found tells that they were not looked for among all that ever were.
    await database.query(
      `insert into pick_lists_archive (order_id, shipment, state, location, lines, missing, created_at, archived_at)
       select 'Z-' || state, 1, state, 'Cellar', '[]', '[]', now(), now() from unnest($1::text[]) state`,
      [pickListStates],
    );
    for (const state of pickListStates) {
      const { body } = await http('GET', `?location=Cellar&state=${state}`);
      const found = (body['items'] as { orderId: string }[]).map(({ orderId }) => orderId);
      expect(found, state).toEqual(['packed', 'cancelled'].includes(state) ? [`Z-${state}`] : []);
    }
    await database.query(`delete from pick_lists_archive where order_id like 'Z-%'`);
  });
});

describe('an undo', () => {
  it('that comes first leaves a tombstone; one that comes in the middle waits for put-away', async () => {
    hear(undoOf('U-1'), reservedFor('U-1'), reservedFor('U-2'));
    await come('U-1', 'U-2');
    expect(await listOf('U-1')).toMatchObject({ state: 'cancelled', location: null });
    await post('/U-2/1/claim', { worker: 'ann' });
    await post('/U-2/1/pick', { lineId: 'l1', quantity: 1 });
    hear(undoOf('U-2'));
    await eventually(async () => expect(await listOf('U-2')).toMatchObject({ state: 'stopping' }));
    expect((await post('/U-2/1/pick', { lineId: 'l1', quantity: 2 })).status).toBe(409);
    expect(saidOf('U-2')).toEqual(['PickListCreated']);
    await post('/U-2/1/put-away');
    await eventually(() => expect(saidOf('U-2')).toEqual(['PickListCreated', 'PickListCancelled']));
    expect(saidOf('U-1')).toEqual(['PickListCancelled']);
  });
});

describe('the simulated staff', () => {
  it('works hundreds of lists over the same API', async () => {
    const orders = Array.from({ length: 400 }, (_, index) => `S-${index}`);
    hear(...orders.map((order) => reservedFor(order, 'Hall')), undoOf('S-7'));
    await come('S-399');
    const stop = new AbortController();
    const { signal } = stop;
    const staff = startStaff({
      warehouseUrl: service.url,
      location: 'Hall',
      workers: 16,
      secondsPerList: 0,
      shortRate: 0.02,
      seed: 1,
      signal,
    });
    await eventually(() => {
      const { packed, short } = staff.counts();
      return packed + short === 399;
    }, 60_000);
    const { packed, short } = staff.counts();
    stop.abort();
    await staff.finished;
    expect(short).toBeGreaterThan(0);
    await eventually(() => expect([saidIn('PickListPacked'), saidIn('PickListShort')]).toEqual([packed, short]));
    expect(saidOf('S-7').at(-1)).toBe('PickListCancelled');
  });
});

it('A_packed_list is put away when its order is undone, however long it has been packed', async () => {
  const plan = warehouse.retention ?? {};
  const source = service.app.get(DataSource);
  const listed = (from: string) => database.query(`select state from ${from} where order_id = 'L-1'`);
  hear(reservedFor('L-1'));
  await come('L-1');
  await post('/L-1/1/claim', { worker: 'ann' });
  for (const [lineId, quantity] of [
    ['l1', 3],
    ['l2', 2],
  ] as const) {
    await post('/L-1/1/pick', { lineId, quantity, worker: 'ann' });
  }
  expect((await post('/L-1/1/pack', { parcels: 1 })).body).toMatchObject({ state: 'packed' });
  await keepHouseLongAgo(source, plan, 100);
  hear(FulfilmentContinued({ orderId: 'L-1', shipments: [1] }, 9));
  await eventually(async () => expect(await listed('pick_lists')).toEqual([{ state: 'packed' }]));
  await keepHouse(source, plan);

  hear(undoOf('L-1'));
  await eventually(async () => expect(await listed('pick_lists')).toEqual([{ state: 'stopping' }]));
  expect(saidOf('L-1')).not.toContain('PickListCancelled');
});
