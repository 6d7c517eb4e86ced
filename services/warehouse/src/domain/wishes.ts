import { cancelled, packed, short } from './answers.js';
import { type Decision, decided, type Refusal, refused } from './decision.js';
import { isComplete, type PickLine, type PickList } from './pick-list.js';

/** Units of one line that have left the shelf, all told: saying it twice changes nothing. */
export interface Pick {
  readonly lineId: string;
  readonly quantity: number;
}

/** Somebody takes a list to work on. Two people never hold the same list; who holds it already may say so again. */
export const claim = (list: PickList, worker: string): Decision => {
  switch (list.state) {
    case 'open':
      return decided({ ...list, state: 'claimed', worker });
    case 'claimed':
    case 'picking':
      return heldByAnother(list, worker) ?? decided(list);
    case 'short':
    case 'packed':
    case 'stopping':
    case 'cancelled':
      return notWorkable(list);
    default:
      return list.state satisfies never;
  }
};

/**
 * Units were taken from their shelves. Quantities are absolute, so that a repeated scan counts once; all of the picks
 * hold, or none.
 */
export const pick = (list: PickList, picks: readonly Pick[], worker?: string): Decision => {
  const refusal = notInHand(list, worker) ?? picks.map((one) => unpickable(list, one)).find((one) => one);
  if (refusal) return refusal;
  const picked = new Map(picks.map(({ lineId, quantity }) => [lineId, quantity]));
  const same =
    list.state === 'picking' && list.lines.every((line) => (picked.get(line.lineId) ?? line.picked) === line.picked);
  return decided(same ? list : { ...list, state: 'picking', lines: withPicked(list, picked) });
};

/**
 * The shelf held less than the list asks for. The report ends the work on the list: what was picked of every line up to
 * now counts, and the coordinator decides what becomes of it.
 */
export const reportShort = (list: PickList, lineId: string, found: number, worker?: string): Decision => {
  const line = lineOf(list, lineId);
  if (list.state === 'short' && line && list.missing.some((one) => one.lineId === lineId) && line.picked === found) {
    return decided(list);
  }
  const refusal = notInHand(list, worker);
  if (refusal) return refusal;
  if (!line) return notOnList(list, lineId);
  if (found >= line.quantity) {
    return refused(
      'not-short',
      `Line ${lineId} asks for ${line.quantity} of ${line.sku}; with ${found} found it is not short. Report it as picked.`,
      { asked: line.quantity, found },
    );
  }
  const missing = [{ lineId, sku: line.sku, quantity: line.quantity - found }];
  const end: PickList = { ...list, state: 'short', lines: withPicked(list, new Map([[lineId, found]])), missing };
  return decided(end, short(end));
};

/** Everything was picked and is packed. */
export const pack = (list: PickList, parcels: number, worker?: string): Decision => {
  if (list.state === 'packed' && list.parcels === parcels) return decided(list);
  const refusal = notInHand(list, worker);
  if (refusal) return refusal;
  if (!isComplete(list)) {
    const left = list.lines.filter((line) => line.picked < line.quantity);
    return refused(
      'not-all-picked',
      `${left.length} of ${list.lines.length} lines are not fully picked. Pick them, or report what is missing as short.`,
      { left: left.map(({ lineId, sku, quantity, picked }) => ({ lineId, sku, quantity: quantity - picked })) },
    );
  }
  const end: PickList = { ...list, state: 'packed', parcels };
  return decided(end, packed(end));
};

/** What had left its shelf is back on it: the stopped list is undone. Anybody may do it. */
export const putAway = (list: PickList): Decision => {
  if (list.state === 'cancelled') return decided(list);
  if (list.state !== 'stopping') {
    return refused('pick-list-not-stopped', `The list is ${list.state}: nothing of it is to be put away.`, {
      state: list.state,
    });
  }
  const end: PickList = { ...list, state: 'cancelled' };
  return decided(end, cancelled(end));
};

const lineOf = (list: PickList, lineId: string): PickLine | undefined =>
  list.lines.find((line) => line.lineId === lineId);

const withPicked = (list: PickList, picked: ReadonlyMap<string, number>): readonly PickLine[] =>
  list.lines.map((line) => ({ ...line, picked: picked.get(line.lineId) ?? line.picked }));

const notInHand = (list: PickList, worker: string | undefined): Refusal | undefined => {
  switch (list.state) {
    case 'open':
      return refused('pick-list-not-claimed', 'Nobody holds this list. Claim it before you work on it.');
    case 'claimed':
    case 'picking':
      return worker === undefined ? undefined : heldByAnother(list, worker);
    case 'short':
    case 'packed':
    case 'stopping':
    case 'cancelled':
      return notWorkable(list);
    default:
      return list.state satisfies never;
  }
};

const heldByAnother = (list: PickList, worker: string): Refusal | undefined =>
  list.worker === worker
    ? undefined
    : refused('pick-list-held', `${list.worker} holds this list.`, { worker: list.worker });

const notWorkable = (list: PickList): Refusal =>
  list.state === 'stopping'
    ? refused('pick-list-stopped', 'The list was called off. Put away what has left its shelf.', { state: list.state })
    : refused('pick-list-closed', `The list is ${list.state}: there is nothing to pick.`, { state: list.state });

const notOnList = (list: PickList, lineId: string): Refusal =>
  refused('line-not-on-list', `Line ${lineId} is not on this list.`, { lines: list.lines.map((line) => line.lineId) });

const unpickable = (list: PickList, { lineId, quantity }: Pick): Refusal | undefined => {
  const line = lineOf(list, lineId);
  if (!line) return notOnList(list, lineId);
  if (quantity <= line.quantity) return undefined;
  return refused('over-picked', `Line ${lineId} asks for ${line.quantity} of ${line.sku}, not ${quantity}.`, {
    lineId,
    asked: line.quantity,
  });
};
