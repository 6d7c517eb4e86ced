import { cancelled, packed } from './answers.js';
import { type Decided, decided } from './decision.js';
import type { PickList } from './pick-list.js';

/** Who packed what no person did. */
export const MACHINE = 'automation';

/**
 * What an automated warehouse makes of a decision: a list that waits for somebody to begin is packed at once, whole and
 * into one parcel, and a list that waits for put-away is put away at once. A machine never finds a shelf short. Lists
 * that a person holds stay that person's.
 */
export const workedByMachines = ({ list, say }: Decided): Decided => {
  switch (list.state) {
    case 'open': {
      const lines = list.lines.map((line) => ({ ...line, picked: line.quantity }));
      const end: PickList = { ...list, state: 'packed', lines, worker: MACHINE, parcels: 1 };
      return decided(end, ...say, packed(end));
    }
    case 'stopping': {
      const end: PickList = { ...list, state: 'cancelled' };
      return decided(end, ...say, cancelled(end));
    }
    case 'claimed':
    case 'picking':
    case 'short':
    case 'packed':
    case 'cancelled':
      return decided(list, ...say);
    default:
      return list.state satisfies never;
  }
};
