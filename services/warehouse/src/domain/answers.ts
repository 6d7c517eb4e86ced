import { type EventDraft, PickListCancelled, PickListCreated, PickListPacked, PickListShort } from '@baton/contracts';
import type { PickList } from './pick-list.js';

/**
 * What the warehouse says of a list, rebuilt from the record alone: whoever asks again gets the first answer's id and
 * content.
 */
const of = ({ orderId, shipment }: PickList) => ({ orderId, shipment });

const placeOf = (list: PickList): string => {
  if (list.location === null)
    throw new Error(`Pick list ${list.orderId}/${list.shipment} is a tombstone: it has no location.`);
  return list.location;
};

const asked = (list: PickList) => list.lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity }));

export const created = (list: PickList): EventDraft =>
  PickListCreated({ ...of(list), location: placeOf(list), lines: asked(list) });

/** All lines, with what was picked of each; `missing` alone names what was looked for in vain. */
export const short = (list: PickList): EventDraft =>
  PickListShort({
    ...of(list),
    location: placeOf(list),
    lines: list.lines.map(({ lineId, sku, quantity, picked }) => ({ lineId, sku, requested: quantity, picked })),
    missing: [...list.missing],
  });

export const packed = (list: PickList): EventDraft =>
  PickListPacked({ ...of(list), location: placeOf(list), lines: asked(list), parcels: list.parcels ?? 1 });

export const cancelled = (list: PickList): EventDraft => PickListCancelled({ ...of(list), missing: [...list.missing] });
