import type { PickListCancellationRequested, StockReserved } from '@baton/contracts';
import type { Decided, Decision, Refusal } from './decision.js';
import { cancellationWasRequested, stockWasReserved } from './events.js';
import type { PickList } from './pick-list.js';

/** Words for tests: a list of two lines, and what happened to it. */
export const NOW = '2026-01-05T08:00:00.000Z';

export const reserved: StockReserved['data'] = {
  orderId: 'A-1',
  shipment: 1,
  location: 'West',
  lines: [
    { lineId: 'l1', sku: 'TEA', quantity: 3 },
    { lineId: 'l2', sku: 'CUP', quantity: 2 },
  ],
  backordered: false,
};
export const undo: PickListCancellationRequested['data'] = {
  orderId: 'A-1',
  shipment: 1,
  reason: 'customer-cancelled',
};

export const openList = (): PickList => stockWasReserved(undefined, reserved, NOW).list;
export const undoOf = (list: PickList | undefined): Decided => cancellationWasRequested(list, undo, NOW);

/** Lets one wish after another be decided; a refusal on the way fails the test. */
export const after = (list: PickList, ...wishes: readonly ((list: PickList) => Decision)[]): PickList =>
  wishes.reduce((now, wish) => accepted(wish(now)).list, list);

export const accepted = (decision: Decision): Decided => {
  if (decision.kind === 'refused') throw new Error(`refused: ${decision.code}: ${decision.detail}`);
  return decision;
};

export const refusalOf = (decision: Decision): Refusal => {
  if (decision.kind === 'decided') throw new Error(`was not refused; the list is ${decision.list.state} now`);
  return decision;
};

export const eventsOf = (decision: Decision): readonly string[] => accepted(decision).say.map(({ name }) => name);
