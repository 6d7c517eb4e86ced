import type { Moment, Refused } from '@baton/messaging';
import { describe, expect, it } from 'vitest';
import { NOW, openList, reserved, undo } from './domain/testing.js';
import { WarehouseReactions } from './reactions.js';

const reactions = new WarehouseReactions({ WAREHOUSE_PACKING: 'people' });
const moment: Moment = { now: NOW, messageId: 'm', parked: false, unit: 'u' };
const identity = { orderId: 'A-1', shipment: 1 };
const event = <Name extends string, Data>(name: Name, data: Data) => ({ name, id: 'e', key: 'A-1', time: NOW, data });

const refusedWith = (act: () => unknown): Refused => {
  try {
    act();
  } catch (error) {
    return error as Refused;
  }
  throw new Error('was not refused');
};

describe('reactions', () => {
  it('save and say what the domain decided', () => {
    const outcome = reactions.create(event('StockReserved', reserved), { list: undefined }, moment);
    expect(outcome.save?.map(({ state }) => state)).toEqual([openList()]);
    expect(outcome.publish?.map(({ name }) => name)).toEqual(['PickListCreated']);
  });

  it('write nothing when nothing changed', () => {
    const outcome = reactions.create(event('StockReserved', reserved), { list: openList() }, moment);
    expect(outcome.save).toEqual([]);
  });

  it('answer a person with the list as it is now', () => {
    const outcome = reactions.claim({ id: 'c', data: { ...identity, worker: 'ann' } }, { list: openList() });
    expect(outcome.reply?.body).toMatchObject({ ...identity, state: 'claimed', worker: 'ann' });
  });

  it('pack at once, in the same outcome, where machines do it', () => {
    const automatic = new WarehouseReactions({ WAREHOUSE_PACKING: 'automatic' });
    const outcome = automatic.create(event('StockReserved', reserved), { list: undefined }, moment);
    expect(outcome.save).toHaveLength(1);
    expect(outcome.publish?.map(({ name }) => name)).toEqual(['PickListCreated', 'PickListPacked']);
  });

  it('answer with a tombstone to an undo that came first', () => {
    const outcome = reactions.cancel(event('PickListCancellationRequested', undo), { list: undefined }, moment);
    expect(outcome.publish?.map(({ name }) => name)).toEqual(['PickListCancelled']);
    expect(outcome.save).toHaveLength(1);
  });

  it('refuse with the status that fits', () => {
    const held = { ...openList(), state: 'claimed', worker: 'ann' } as const;
    const claim = (list: typeof held | undefined) =>
      refusedWith(() => reactions.claim({ id: 'c', data: { ...identity, worker: 'bob' } }, { list }));
    expect(claim(held)).toMatchObject({ status: 409, code: 'pick-list-held', members: { worker: 'ann' } });
    expect(claim(undefined)).toMatchObject({ status: 404, code: 'pick-list-not-found' });
    const pick = (lineId: string, quantity: number) =>
      refusedWith(() =>
        reactions.pick({ id: 'c', data: { ...identity, picks: [{ lineId, quantity }] } }, { list: held }),
      );
    expect(pick('l1', 4)).toMatchObject({ status: 422, code: 'over-picked' });
    expect(pick('other', 1)).toMatchObject({ status: 422, code: 'line-not-on-list' });
  });
});
