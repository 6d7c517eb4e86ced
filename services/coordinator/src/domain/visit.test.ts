import { CustomerNotified, OrderPlaced, StockReserved } from '@baton/contracts';
import type { Heard } from '@baton/saga';
import { describe, expect, it } from 'vitest';
import { Definitions } from '../definitions/index.js';
import { joinedHistory, nextDue, type SagaRecord } from './records.js';
import { visit } from './visit.js';

const definition = new Definitions().latest('order-fulfilment');
const at = (now: string, unit = 'u1') => ({ now, unit });
const lines = [{ lineId: 'a', sku: 'chair', quantity: 2 }];
const address = { city: 'Paris', postalCode: '75001', country: 'France' };
const placed: Heard = {
  ...OrderPlaced({
    orderId: 'o',
    customer: { name: 'Ada', email: 'ada@example.test', address },
    serviceLevel: 'standard',
    onShortage: 'backorder',
    lines,
    placedAt: '2026-11-24T09:00:00.000Z',
  }),
  time: '2026-11-24T09:00:00.000Z',
};
const reserved: Heard = {
  ...StockReserved({ orderId: 'o', shipment: 1, location: 'West', lines, backordered: false }),
  time: '2026-11-24T09:00:01.000Z',
};

const recordOf = (record: SagaRecord | undefined): SagaRecord => {
  if (!record) throw new Error('the visit changed nothing');
  return record;
};
const first = visit(definition, undefined, { kind: 'event', event: placed }, at('2026-11-24T09:00:00.000Z'));

describe('a visit', () => {
  it('makes a record with what lists and deadlines are found by, and one row of history', () => {
    expect(first.record).toMatchObject({
      definition: 'order-fulfilment',
      version: definition.version,
      orderId: 'o',
      status: 'running',
      dueAt: '2026-11-24T09:05:00.000Z',
      visits: 1,
      openIncidents: 0,
      endedAt: null,
    });
    expect(first.history).toMatchObject({
      unit: 'u1',
      visit: 1,
      facts: [{ fact: 'OrderPlaced' }, { fact: 'FulfilmentStarted' }],
    });
  });

  it('leaves what stays at the end of the state, byte by byte', () => {
    const told: Heard = {
      ...CustomerNotified({ orderId: 'o', shipment: 0, reason: 'order-placed', messageId: '<m>' }),
      time: '2026-11-24T09:00:01.000Z',
    };
    const next = visit(definition, first.record, { kind: 'event', event: told }, at('2026-11-24T09:00:01.000Z'));
    const before = JSON.stringify(first.record?.state);
    const after = JSON.stringify(next.record?.state);
    expect(after).not.toBe(before);
    const kept = before.slice(before.indexOf('"units"'));
    expect(kept).toContain('"chair"');
    expect(after.endsWith(kept)).toBe(true);
  });

  it('that brings nothing new changes nothing', () => {
    const again = visit(definition, first.record, { kind: 'event', event: placed }, at('2026-11-24T09:00:02.000Z'));
    expect(again).toEqual({ opened: [], resolved: [], publish: [] });
  });

  it('leaves the due time where it is when the next is later', () => {
    const next = visit(definition, first.record, { kind: 'event', event: reserved }, at('2026-11-24T09:00:01.000Z'));
    expect(next.record?.dueAt).toBe('2026-11-24T09:05:00.000Z');
    const fired = visit(definition, next.record, { kind: 'due' }, at('2026-11-24T09:05:00.000Z'));
    expect(fired.record).toEqual({ ...next.record, dueAt: '2026-11-24T09:15:01.000Z' });
    expect(fired.history).toBeUndefined();
  });

  it('says which incidents it opened and closed', () => {
    const late = visit(definition, first.record, { kind: 'due' }, at('2026-11-24T09:05:00.000Z'));
    expect(late.opened).toMatchObject([
      { incidentId: 'order-fulfilment~o~1', shipment: 1, step: 'reserve', owner: 'inventory', resolvedAt: null },
    ]);
    const closed = visit(
      definition,
      recordOf(late.record),
      { kind: 'event', event: reserved },
      at('2026-11-24T09:06:00.000Z'),
    );
    expect(closed.resolved).toEqual(['order-fulfilment~o~1']);
    expect(closed.record?.openIncidents).toBe(0);
  });

  it('joins the history of one unit of work', () => {
    const history = {
      definition: 'd',
      orderId: 'o',
      unit: 'u',
      visit: 3,
      at: placed.time,
      facts: [{ at: placed.time, fact: 'A' }],
    };
    const joined = joinedHistory(history, { ...history, visit: 4, facts: [{ at: placed.time, fact: 'B' }] });
    expect(joined).toMatchObject({ visit: 3, facts: [{ fact: 'A' }, { fact: 'B' }] });
  });
});

it('a due time moves only when it gets earlier or has fired', () => {
  const [early, late] = ['2026-11-24T09:00:00.000Z', '2026-11-24T10:00:00.000Z'] as const;
  expect(nextDue(null, early, false)).toBe(early);
  expect(nextDue(early, late, false)).toBe(early);
  expect(nextDue(early, undefined, false)).toBe(early);
  expect(nextDue(late, early, false)).toBe(early);
  expect(nextDue(early, late, true)).toBe(late);
  expect(nextDue(early, undefined, true)).toBeNull();
});
