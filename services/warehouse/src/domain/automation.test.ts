import { describe, expect, it } from 'vitest';
import { MACHINE, workedByMachines } from './automation.js';
import { stockWasReserved } from './events.js';
import { after, eventsOf, NOW, openList, reserved, undoOf } from './testing.js';
import { claim } from './wishes.js';

const packedList = () => workedByMachines(stockWasReserved(undefined, reserved, NOW)).list;

describe('an automated warehouse', () => {
  it('packs a list whole the moment it is made', () => {
    const end = workedByMachines(stockWasReserved(undefined, reserved, NOW));
    expect(eventsOf(end)).toEqual(['PickListCreated', 'PickListPacked']);
    expect(end.list).toMatchObject({ state: 'packed', worker: MACHINE, parcels: 1 });
    expect(end.list.lines.every((line) => line.picked === line.quantity)).toBe(true);
  });

  it('says the same again when it hears the same again', () => {
    const first = workedByMachines(stockWasReserved(undefined, reserved, NOW));
    const again = workedByMachines(stockWasReserved(first.list, reserved, NOW));
    expect(again.say).toEqual(first.say);
    expect(again.list).toBe(first.list);
  });

  it('puts a packed list away the moment it is called off, and packs nothing that was', () => {
    const undone = workedByMachines(undoOf(packedList()));
    expect(eventsOf(undone)).toEqual(['PickListCancelled']);
    expect(undone.list.state).toBe('cancelled');
    const late = workedByMachines(stockWasReserved(undone.list, reserved, NOW));
    expect(late.say).toEqual([]);
    expect(late.list).toBe(undone.list);
  });

  it('leaves a list to the person who holds it', () => {
    const held = after(openList(), (list) => claim(list, 'ann'));
    expect(workedByMachines(stockWasReserved(held, reserved, NOW)).list).toBe(held);
  });
});
