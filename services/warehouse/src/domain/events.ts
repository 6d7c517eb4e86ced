import type { PickListCancellationRequested, StockReserved } from '@baton/contracts';
import { cancelled, created, packed, short } from './answers.js';
import { type Decided, decided } from './decision.js';
import { type PickList, unitsPicked } from './pick-list.js';

/**
 * Stock is held for a shipment: a list is made, once. Heard again, the list says again what it has said so far; after
 * an undo (also one that came first) it says nothing, for the record stands there.
 */
export const stockWasReserved = (list: PickList | undefined, reserved: StockReserved['data'], now: string): Decided => {
  if (list) return decided(list, ...saidSoFar(list));
  const { orderId, shipment, location, lines } = reserved;
  const open: PickList = {
    orderId,
    shipment,
    state: 'open',
    location,
    lines: lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity, picked: 0 })),
    worker: null,
    parcels: null,
    missing: [],
    createdAt: now,
  };
  return decided(open, created(open));
};

const saidSoFar = (list: PickList) => {
  switch (list.state) {
    case 'open':
    case 'claimed':
    case 'picking':
      return [created(list)];
    case 'short':
      return [created(list), short(list)];
    case 'packed':
      return [created(list), packed(list)];
    case 'stopping':
    case 'cancelled':
      return [];
    default:
      return list.state satisfies never;
  }
};

/**
 * The list is called off. Undone at once if nobody has begun, or if the one who began has reported and nothing left
 * its shelf; undone only after put-away in every other case. A claimed list counts as begun: what its holder has in
 * hand and has not scanned yet, nobody knows.
 */
export const cancellationWasRequested = (
  list: PickList | undefined,
  { orderId, shipment }: PickListCancellationRequested['data'],
  now: string,
): Decided => {
  if (!list) return undone(tombstone(orderId, shipment, now));
  switch (list.state) {
    case 'open':
      return undone(list);
    case 'short':
      return unitsPicked(list) === 0 ? undone(list) : decided({ ...list, state: 'stopping' });
    case 'claimed':
    case 'picking':
    case 'packed':
      return decided({ ...list, state: 'stopping' });
    case 'stopping':
      return decided(list);
    case 'cancelled':
      return decided(list, cancelled(list));
    default:
      return list.state satisfies never;
  }
};

const undone = (list: PickList): Decided => {
  const end: PickList = { ...list, state: 'cancelled' };
  return decided(end, cancelled(end));
};

const tombstone = (orderId: string, shipment: number, now: string): PickList => ({
  orderId,
  shipment,
  state: 'cancelled',
  location: null,
  lines: [],
  worker: null,
  parcels: null,
  missing: [],
  createdAt: now,
});
