import type { MissingLine } from '@baton/contracts';

/**
 * Where a pick list stands. `stopping`: it was called off after somebody had begun, and what left its shelf waits for
 * put-away. `cancelled` also stands for a tombstone: a list that was called off before it came.
 */
export const pickListStates = ['open', 'claimed', 'picking', 'short', 'packed', 'stopping', 'cancelled'] as const;
export type PickListState = (typeof pickListStates)[number];

/** One line: what is asked for, and how many units of it have left the shelf, as far as people have said. */
export interface PickLine {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly picked: number;
}

/** The warehouse's one record of a shipment. It outlives every topic, so that nothing is picked twice. */
export interface PickList {
  readonly orderId: string;
  readonly shipment: number;
  readonly state: PickListState;
  /** Null for a tombstone: nobody ever said where it would have been picked. */
  readonly location: string | null;
  readonly lines: readonly PickLine[];
  /** Who holds the list, or held it last. */
  readonly worker: string | null;
  /** How many parcels it became; null until it is packed. */
  readonly parcels: number | null;
  /** Units that were looked for and not found. */
  readonly missing: readonly MissingLine[];
  /** When the list (or its tombstone) came, ISO 8601. */
  readonly createdAt: string;
}

/** Units of the list that have left their shelf. */
export const unitsPicked = (list: PickList): number => list.lines.reduce((sum, line) => sum + line.picked, 0);

/** Whether all that the list asks for was picked. An empty list never is. */
export const isComplete = (list: PickList): boolean =>
  list.lines.length > 0 && list.lines.every((line) => line.picked === line.quantity);

/** A pick list as people see it: the record without what a store adds to it. */
export const viewOf = (list: PickList): PickList => {
  const { orderId, shipment, state, location, lines, worker, parcels, missing, createdAt } = list;
  return { orderId, shipment, state, location, lines, worker, parcels, missing, createdAt };
};
