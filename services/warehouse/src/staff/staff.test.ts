import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Decision } from '../domain/decision.js';
import type { PickList } from '../domain/pick-list.js';
import { NOW, openList, undoOf } from '../domain/testing.js';
import { claim, pack, pick, putAway, reportShort } from '../domain/wishes.js';
import { startStaff } from './staff.js';

/** A warehouse over real HTTP that keeps its lists in memory and decides with the real domain. */
class Warehouse {
  readonly lists = new Map<string, PickList>();
  requests = 0;
  private readonly server = createServer((request, response) => void this.handle(request, response));

  add(...lists: readonly PickList[]): void {
    for (const list of lists) this.lists.set(`${list.orderId}/${list.shipment}`, list);
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  states(): Record<string, number> {
    const states = [...this.lists.values()].map(({ state }) => state);
    return Object.fromEntries([...new Set(states)].sort().map((s) => [s, states.filter((one) => one === s).length]));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    if (request.method === 'GET') {
      const all = [...this.lists.values()].filter(({ state }) => state === searchParams.get('state'));
      return void answer(200, { items: all.slice(0, Number(searchParams.get('limit'))), next: null });
    }
    const [, , order, shipment, wish] = pathname.split('/');
    const body = (await json(request)) as Record<string, never>;
    const list = this.lists.get(`${order}/${shipment}`);
    if (!list) return void answer(404, { type: 'urn:baton:problem:pick-list-not-found' });
    const decision = this.decide(list, wish ?? '', body);
    if (decision.kind === 'refused')
      return void answer(409, { type: `urn:baton:problem:${decision.code}`, detail: decision.detail });
    this.add(decision.list);
    answer(200, decision.list);
  }

  protected decide(list: PickList, wish: string, body: Record<string, never>): Decision {
    const { worker = '', picks = [], lineId = '', picked = 0, parcels = 1 } = body;
    if (wish === 'claim') return claim(list, worker);
    if (wish === 'pick') return pick(list, picks, worker);
    if (wish === 'short') return reportShort(list, lineId, picked, worker);
    if (wish === 'pack') return pack(list, parcels, worker);
    return putAway(list);
  }
}

const many = (count: number): PickList[] =>
  Array.from({ length: count }, (_, index) => ({ ...openList(), orderId: `A-${index}`, createdAt: NOW }));

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const put = (
  warehouse: Warehouse,
  port: number,
  rates: { workers?: number; shortRate?: number; name?: string } = {},
) => {
  const stop = new AbortController();
  const staff = startStaff({
    warehouseUrl: `http://127.0.0.1:${port}`,
    workers: 8,
    secondsPerList: 0,
    shortRate: 0,
    seed: 1,
    ...rates,
    signal: stop.signal,
  });
  stops.push(async () => {
    stop.abort();
    await staff.finished;
  });
  return { staff, stop, warehouse };
};

const open = async (warehouse = new Warehouse()): Promise<[Warehouse, number]> => {
  const port = await warehouse.listen();
  stops.push(() => warehouse.close());
  return [warehouse, port];
};

describe('the simulated staff', () => {
  it('works a page and more of lists with several people, and is nearly silent when there is nothing to do', async () => {
    const [warehouse, port] = await open();
    warehouse.add(...many(450));
    const { staff } = put(warehouse, port);
    await vi.waitFor(() => expect(warehouse.states()).toEqual({ packed: 450 }), { timeout: 30_000 });
    expect(staff.counts()).toEqual({ packed: 450, short: 0, putAway: 0 });
    expect(warehouse.requests).toBeLessThan(450 * 3 + 100);
  });

  it('finds shelves short at the rate it was given, the same ones each time', async () => {
    const [warehouse, port] = await open();
    warehouse.add(...many(100));
    put(warehouse, port, { shortRate: 0.1 });
    await vi.waitFor(() => expect(warehouse.states()['open'] ?? 0).toBe(0), { timeout: 30_000 });
    await vi.waitFor(() => expect(Object.keys(warehouse.states())).toEqual(['packed', 'short']), { timeout: 30_000 });
    const [again, otherPort] = await open();
    again.add(...many(100));
    put(again, otherPort, { shortRate: 0.1, workers: 3 });
    await vi.waitFor(() => expect(again.states()).toEqual(warehouse.states()), { timeout: 30_000 });
    const shorts = (of: Warehouse) =>
      [...of.lists.values()].filter(({ state }) => state === 'short').map((l) => l.orderId);
    expect(shorts(again)).toEqual(shorts(warehouse));
  });

  it('puts stopped lists away, also one that is stopped in its hands', async () => {
    class Stopping extends Warehouse {
      protected override decide(list: PickList, wish: string, body: Record<string, never>): Decision {
        return super.decide(wish === 'pack' && list.orderId === 'A-1' ? this.stopped(list) : list, wish, body);
      }
      private stopped(list: PickList): PickList {
        const { list: stopping } = undoOf(list);
        this.add(stopping);
        return stopping;
      }
    }
    const [warehouse, port] = await open(new Stopping());
    const [first, ...others] = many(3);
    warehouse.add({ ...(first as PickList), state: 'stopping', worker: 'somebody' }, ...others);
    const { staff } = put(warehouse, port);
    await vi.waitFor(() => expect(warehouse.states()).toEqual({ cancelled: 2, packed: 1 }), { timeout: 30_000 });
    await vi.waitFor(() => expect(staff.counts()).toMatchObject({ packed: 1, putAway: 2 }), { timeout: 30_000 });
  });

  it('survives a warehouse that is away', async () => {
    const before = new Warehouse();
    const port = await before.listen();
    before.close();
    put(before, port);
    const warehouse = new Warehouse();
    warehouse.add(...many(20));
    await warehouse.listen(port);
    stops.push(() => warehouse.close());
    await vi.waitFor(() => expect(warehouse.states()).toEqual({ packed: 20 }), { timeout: 30_000 });
  });

  it('goes on after a restart with what its people held, and leaves the lists of others alone', async () => {
    const [warehouse, port] = await open();
    const [mine, other] = many(2);
    warehouse.add({ ...(mine as PickList), state: 'claimed', worker: 'staff-2' });
    warehouse.add({ ...(other as PickList), state: 'claimed', worker: 'ann' });
    put(warehouse, port);
    await vi.waitFor(() => expect(warehouse.states()).toEqual({ claimed: 1, packed: 1 }), { timeout: 30_000 });
    expect(warehouse.lists.get('A-1/1')?.worker).toBe('ann');
  });
});
