import { describe, expect, it } from 'vitest';
import { stockWasReserved } from './events.js';
import { isComplete, type PickList } from './pick-list.js';
import { accepted, after, eventsOf, NOW, openList, refusalOf, reserved, undo, undoOf } from './testing.js';
import { claim, pack, pick, putAway, reportShort } from './wishes.js';

const byAnn = (list: PickList) => claim(list, 'ann');
const allPicked = (list: PickList) =>
  pick(list, [
    { lineId: 'l1', quantity: 3 },
    { lineId: 'l2', quantity: 2 },
  ]);

describe('the way of a list', () => {
  it('is made when stock is reserved, claimed, picked and packed', () => {
    const made = stockWasReserved(undefined, reserved, NOW);
    expect(eventsOf(made)).toEqual(['PickListCreated']);
    const ready = after(made.list, byAnn, allPicked);
    const end = accepted(pack(ready, 2));
    expect(end.list).toMatchObject({ state: 'packed', worker: 'ann', parcels: 2 });
    expect(end.say).toEqual([
      {
        name: 'PickListPacked',
        id: 'A-1/1/PickListPacked/1',
        key: 'A-1',
        data: { orderId: 'A-1', shipment: 1, location: 'West', lines: reserved.lines, parcels: 2 },
      },
    ]);
  });

  it('ends short, naming what is missing, when a shelf holds less than the book says', () => {
    const list = after(openList(), byAnn, (l) => pick(l, [{ lineId: 'l2', quantity: 2 }]));
    const end = accepted(reportShort(list, 'l1', 1));
    expect(end.list.state).toBe('short');
    expect(end.say[0]?.data).toMatchObject({
      lines: [
        { lineId: 'l1', sku: 'TEA', requested: 3, picked: 1 },
        { lineId: 'l2', sku: 'CUP', requested: 2, picked: 2 },
      ],
      missing: [{ lineId: 'l1', sku: 'TEA', quantity: 2 }],
    });
  });

  it('waits for the coordinator after a short report', () => {
    const short = after(openList(), byAnn, (l) => reportShort(l, 'l1', 1));
    for (const wish of [byAnn, allPicked, (l: PickList) => pack(l, 1), (l: PickList) => reportShort(l, 'l2', 0)]) {
      expect(refusalOf(wish(short)).code).toBe('pick-list-closed');
    }
  });
});

describe('people', () => {
  it('never hold the same list twice', () => {
    const list = after(openList(), byAnn);
    const refusal = refusalOf(claim(list, 'bob'));
    expect(refusal).toMatchObject({
      code: 'pick-list-held',
      detail: 'ann holds this list.',
      members: { worker: 'ann' },
    });
    expect(refusalOf(pick(list, [{ lineId: 'l1', quantity: 1 }], 'bob')).code).toBe('pick-list-held');
  });

  it('may repeat each wish without effect', () => {
    const claimed = after(openList(), byAnn);
    expect(accepted(byAnn(claimed))).toEqual({ kind: 'decided', list: claimed, say: [] });
    const picked = after(claimed, allPicked);
    expect(accepted(allPicked(picked)).list).toBe(picked);
    const packed = after(picked, (l) => pack(l, 1));
    expect(accepted(pack(packed, 1))).toEqual({ kind: 'decided', list: packed, say: [] });
    const short = after(claimed, (l) => reportShort(l, 'l1', 0));
    expect(accepted(reportShort(short, 'l1', 0))).toEqual({ kind: 'decided', list: short, say: [] });
    const away = after(undoOf(picked).list, putAway);
    expect(accepted(putAway(away))).toEqual({ kind: 'decided', list: away, say: [] });
  });

  it('claim before they work', () => {
    expect(refusalOf(allPicked(openList())).code).toBe('pick-list-not-claimed');
    expect(refusalOf(pack(openList(), 1)).code).toBe('pick-list-not-claimed');
  });

  it('pack only what was picked whole', () => {
    const half = after(openList(), byAnn, (l) => pick(l, [{ lineId: 'l1', quantity: 2 }]));
    expect(refusalOf(pack(half, 1))).toMatchObject({
      code: 'not-all-picked',
      members: {
        left: [
          { lineId: 'l1', sku: 'TEA', quantity: 1 },
          { lineId: 'l2', sku: 'CUP', quantity: 2 },
        ],
      },
    });
  });

  it('never pack an empty list', () => {
    const empty: PickList = { ...after(openList(), byAnn), lines: [] };
    expect(isComplete(empty)).toBe(false);
    expect(refusalOf(pack(empty, 1)).code).toBe('not-all-picked');
  });

  it('cannot pick more than is asked for, or what belongs to another list', () => {
    const list = after(openList(), byAnn);
    expect(refusalOf(pick(list, [{ lineId: 'l1', quantity: 4 }])).code).toBe('over-picked');
    expect(refusalOf(pick(list, [{ lineId: 'l9', quantity: 1 }])).code).toBe('line-not-on-list');
    expect(refusalOf(reportShort(list, 'l9', 0)).code).toBe('line-not-on-list');
    expect(refusalOf(reportShort(list, 'l1', 3)).code).toBe('not-short');
  });

  it('hold all picks of one wish, or none', () => {
    const list = after(openList(), byAnn);
    const wish = [
      { lineId: 'l1', quantity: 1 },
      { lineId: 'l2', quantity: 9 },
    ];
    expect(refusalOf(pick(list, wish)).code).toBe('over-picked');
    expect(list.lines.every(({ picked }) => picked === 0)).toBe(true);
  });

  it('put away only what was called off', () => {
    expect(refusalOf(putAway(after(openList(), byAnn, allPicked))).code).toBe('pick-list-not-stopped');
  });
});

describe('hard cases', () => {
  it('1: the same event twice makes one list, and says the same again', () => {
    const first = stockWasReserved(undefined, reserved, NOW);
    const second = stockWasReserved(first.list, reserved, '2026-01-06T00:00:00.000Z');
    expect(second.list).toBe(first.list);
    expect(second.say).toEqual(first.say);
    const packed = after(first.list, byAnn, allPicked, (l) => pack(l, 1));
    expect(eventsOf(stockWasReserved(packed, reserved, NOW))).toEqual(['PickListCreated', 'PickListPacked']);
    const short = accepted(reportShort(after(first.list, byAnn), 'l1', 1));
    expect(stockWasReserved(short.list, reserved, NOW).say).toEqual([...first.say, ...short.say]);
  });

  it('2: an undo of a list that never was leaves a tombstone and answers undone', () => {
    const { list, say } = undoOf(undefined);
    expect(list).toMatchObject({ state: 'cancelled', location: null, lines: [] });
    expect(say[0]?.data).toEqual({ orderId: 'A-1', shipment: 1, missing: [] });
  });

  it('3: what comes after its undo is ignored, and the undo is answered again alike', () => {
    const first = undoOf(undefined);
    const late = stockWasReserved(first.list, reserved, NOW);
    expect(late).toEqual({ kind: 'decided', list: first.list, say: [] });
    expect(undoOf(late.list).say).toEqual(first.say);
    expect(refusalOf(claim(late.list, 'ann')).code).toBe('pick-list-closed');
  });

  it('4 and 5: an undo at any point of the work ends in one answer, after put-away where work had begun', () => {
    const open = openList();
    const claimed = after(open, byAnn);
    const picking = after(claimed, allPicked);
    const packed = after(picking, (l) => pack(l, 1));
    const short = after(claimed, (l) => reportShort(l, 'l1', 1));
    expect(eventsOf(undoOf(open))).toEqual(['PickListCancelled']);
    for (const list of [claimed, picking, packed, short]) {
      const stopped = undoOf(list);
      expect(stopped.list.state).toBe('stopping');
      expect(stopped.say).toEqual([]);
      expect(undoOf(stopped.list)).toEqual({ kind: 'decided', list: stopped.list, say: [] });
      expect(refusalOf(claim(stopped.list, 'bob')).code).toBe('pick-list-stopped');
      expect(refusalOf(allPicked(stopped.list)).code).toBe('pick-list-stopped');
      expect(refusalOf(pack(stopped.list, 2)).code).toBe('pick-list-stopped');
      const end = accepted(putAway(stopped.list));
      expect(end.list.state).toBe('cancelled');
      expect(eventsOf(end)).toEqual(['PickListCancelled']);
      expect(undoOf(end.list).say).toEqual(end.say);
    }
  });

  it('5: tells the missing units with the undo, also when nothing at all was picked', () => {
    const someLeft = undoOf(after(openList(), byAnn, (l) => reportShort(l, 'l1', 1))).list;
    expect(accepted(putAway(someLeft)).say[0]?.data).toEqual({
      orderId: undo.orderId,
      shipment: 1,
      missing: [{ lineId: 'l1', sku: 'TEA', quantity: 2 }],
    });
    const nothingLeft = undoOf(after(openList(), byAnn, (l) => reportShort(l, 'l1', 0)));
    expect(nothingLeft.say[0]?.data).toMatchObject({ missing: [{ lineId: 'l1', sku: 'TEA', quantity: 3 }] });
  });

  it('6: an undo without put-away is never reported as done', () => {
    const stopped = undoOf(after(openList(), byAnn, allPicked)).list;
    for (let again = 0; again < 3; again += 1) expect(undoOf(stopped).say).toEqual([]);
  });
});
