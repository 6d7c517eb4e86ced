import { Definitions, Incidents, Sagas } from '@baton/coordinator';
import { Reservations, StockRows } from '@baton/inventory';
import { Mails } from '@baton/notification';
import { type OrderRecord, Orders, orderStatuses } from '@baton/orders';
import { explain } from '@baton/saga';
import { PickLists } from '@baton/warehouse';
import type { Wanted } from './people.js';
import { LOCATIONS, type World } from './world.js';

const definitions = new Definitions();

/** A promise of the design that did not hold. */
export class PromiseBroken extends Error {
  override readonly name = 'PromiseBroken';
}

const must = (holds: boolean, promise: string, detail: unknown = ''): void => {
  if (!holds) throw new PromiseBroken(`${promise} ${typeof detail === 'string' ? detail : JSON.stringify(detail)}`);
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

const unitsOf = (lines: readonly { readonly sku: string; readonly quantity: number }[], sku: string): number =>
  sum(lines.filter((line) => line.sku === sku).map(({ quantity }) => quantity));

/** on hand ≥ 0, reserved = the sum of live reservations: at every moment. */
export const checkBooks = (world: World): void => {
  const reservations = world.inventory.service.rows(Reservations);
  for (const { sku, levels } of world.inventory.service.rows(StockRows)) {
    for (const { location, onHand, reserved } of levels) {
      must(onHand >= 0 && reserved >= 0 && reserved <= onHand, 'Stock is never negative.', {
        sku,
        location,
        onHand,
        reserved,
      });
      const live = reservations.filter((row) => row.state === 'reserved' && row.location === location);
      const held = sum(live.map(({ lines, missing }) => unitsOf(lines, sku) - unitsOf(missing, sku)));
      must(held === reserved, 'Reserved is the sum of live reservations.', { sku, location, reserved, held });
    }
  }
};

const rank = ({ status }: OrderRecord): number => orderStatuses.indexOf(status);
const isEnd = ({ status }: OrderRecord): boolean => status === 'completed' || status === 'cancelled';

/** The customer's status only rises, and an end stays. Remembers what it saw. */
export class StatusWatch {
  private readonly seen = new Map<string, OrderRecord>();

  check(world: World): void {
    for (const row of world.orders.service.rows(Orders)) {
      const before = this.seen.get(row.orderId);
      if (before === row) continue;
      must(!before || rank(row) >= rank(before), 'A status never falls.', `${before?.status} → ${row.status}`);
      must(!before || !isEnd(before) || before.status === row.status, 'An end status never changes.', row.orderId);
      this.seen.set(row.orderId, row);
    }
  }
}

const SENTENCE = /^[A-Z].*[ (]since \d{4}-\d\d-\d\d \d\d:\d\d UTC.*(until|incident|due by).*\.$/;
const END = /^(Completed|Cancelled) on \d{4}-\d\d-\d\d \d\d:\d\d UTC: .+\.$/;
const MESSAGES = /^[A-Z].*an incident is with .*\.$/;

/** Every state that a saga gets into can be told in a sentence, and has a deadline, an incident, or an end. */
export class SentenceWatch {
  private readonly seen = new WeakSet<object>();
  readonly sentences = new Set<string>();

  check(world: World): void {
    for (const { definition, version, state, dueAt } of world.coordinator.service.rows(Sagas)) {
      if (this.seen.has(state)) continue;
      this.seen.add(state);
      const sentence = explain(definitions.of(definition, version), state, world.now);
      this.sentences.add(sentence);
      const pattern = state.ended ? END : SENTENCE;
      must(pattern.test(sentence) || MESSAGES.test(sentence), 'Every state can be told in one sentence.', sentence);
      const watched = dueAt !== null || state.ended !== undefined || (state.incidents?.length ?? 0) > 0;
      must(watched, 'Nothing is waited for without a deadline or an incident.', state);
      must(JSON.stringify(JSON.parse(JSON.stringify(state))) === JSON.stringify(state), 'A state is plain JSON.');
    }
  }
}

const wentOut = (world: World, orderId: string) =>
  [...world.outside.parcels.values()].filter(
    (parcel) => parcel.orderId === orderId && (parcel.state === 'handed-over' || parcel.state === 'reported'),
  );

/** An accepted order ends: completed, cancelled, or an open incident with an owner and a due time; or waits for stock. */
const checkEnd = (world: World, wanted: Wanted): void => {
  const { orderId } = wanted;
  const order = world.orders.service.find(Orders, { orderId });
  const saga = world.coordinator.service.find(Sagas, { definition: 'order-fulfilment', orderId });
  must(order !== undefined && saga !== undefined, 'An accepted order is never lost.', orderId);
  if (!order || !saga) return;
  const incidents = world.coordinator.service
    .rows(Incidents)
    .filter((row) => row.orderId === orderId && row.resolvedAt === null);
  must(incidents.length === saga.openIncidents, 'Open incidents are those of the saga.', orderId);
  must(
    incidents.every(({ owner, dueAt }) => owner !== '' && dueAt !== ''),
    'Incidents have an owner and a due time.',
  );
  const over = saga.status === 'completed' || saga.status === 'cancelled';
  const open = incidents.some(({ step }) => !step.startsWith('tell-'));
  must(
    over || saga.status === 'waiting' || open,
    'An accepted order ends.',
    explain(definitions.latest('order-fulfilment'), saga.state, world.now),
  );
  if (over) must(order.status === saga.status, 'The customer hears how it ended.', `${order.status} ${saga.status}`);
  const out = wentOut(world, orderId);
  must(out.length <= 1, 'What was ordered goes out once.', out);
  if (saga.status === 'cancelled') must(out.length === 0, 'What is cancelled does not go out.', out);
  if (saga.status === 'completed') must(out.length === 1, 'What is completed went out.', orderId);
};

/** At the moment at which a cancellation is reported, it is true: nothing of the order is open anywhere. */
export const checkCancelled = (world: World, orderId: string): void => {
  const mine = (row: { readonly orderId: string }): boolean => row.orderId === orderId;
  const held = world.inventory.service.rows(Reservations).filter(mine);
  const alive = held.filter(({ state }) => state === 'reserved' || state === 'waiting' || state === 'settled');
  must(alive.length === 0, 'A cancelled order holds no stock.', alive);
  const lists = world.warehouse.service.rows(PickLists).filter(mine);
  must(
    lists.every(({ state }) => state === 'cancelled'),
    'Nobody works for a cancelled order.',
    lists,
  );
  const parcels = [...world.outside.parcels.values()].filter(mine);
  const live = parcels.filter(({ state }) => state !== 'rejected' && state !== 'cancelled');
  must(live.length === 0, 'No carrier comes for a cancelled order.', live);
};

/** When all messages have arrived and all work is done, only what really went wrong is still an incident. */
const checkIncidents = (world: World): void => {
  for (const { orderId, shipment, step, reason, resolvedAt } of world.coordinator.service.rows(Incidents)) {
    if (resolvedAt !== null) continue;
    const mail = world.notification.service.find(Mails, { orderId, shipment, reason: step.slice('tell-'.length) });
    const gone = [...world.outside.parcels.values()].some(
      (parcel) => parcel.orderId === orderId && parcel.shipment === shipment && parcel.lost === true,
    );
    must(mail?.state === 'failed' || (step === 'deliver' && gone), 'An incident is about something.', {
      orderId,
      step,
      reason,
    });
  }
};

/** Nothing is left open of a shipment that is over. */
const checkShipments = (world: World): void => {
  const live = new Set<string>();
  for (const { key, orderId, shipment, state } of world.outside.parcels.values()) {
    if (state === 'rejected' || state === 'cancelled') continue;
    must(!live.has(`${orderId}/${shipment}`), 'One booking lives for each shipment.', key);
    live.add(`${orderId}/${shipment}`);
  }
  for (const { orderId, status, state } of world.coordinator.service.rows(Sagas)) {
    if (status !== 'completed' && status !== 'cancelled') continue;
    for (const { n: shipment, ended } of state.units) {
      const held = world.inventory.service.find(Reservations, { orderId, shipment })?.state;
      const list = world.warehouse.service.find(PickLists, { orderId, shipment })?.state;
      const where = { orderId, shipment, ended: ended?.as, held, list };
      if (ended?.as === 'done') {
        must(
          held === 'settled' && list === 'packed' && live.has(`${orderId}/${shipment}`),
          'Done is done everywhere.',
          where,
        );
      } else {
        must(held !== 'reserved' && held !== 'waiting' && held !== 'settled', 'What was undone holds no stock.', where);
        must(list === undefined || list === 'cancelled', 'What was undone is picked by nobody.', where);
        must(!live.has(`${orderId}/${shipment}`), 'What was undone has no carrier.', where);
      }
    }
  }
};

/** What is on the shelves is what came, less what went out and what was never found. */
const checkShelves = (world: World, arrived: ReadonlyMap<string, number>): void => {
  const reservations = world.inventory.service.rows(Reservations);
  for (const { sku, levels } of world.inventory.service.rows(StockRows)) {
    const settled = reservations.filter(({ state }) => state === 'settled');
    const gone = sum(settled.map(({ lines }) => unitsOf(lines, sku)));
    const lost = sum(reservations.map(({ missing }) => unitsOf(missing, sku)));
    const came = sum(LOCATIONS.map((_, index) => world.stock[sku]?.[index] ?? 0)) + (arrived.get(sku) ?? 0);
    const there = sum(levels.map(({ onHand }) => onHand));
    must(there === came - gone - lost, 'The shelves hold what they should.', { sku, there, came, gone, lost });
  }
};

/** One mail per reason, and each that was called for reached a mail server or is known to have failed. */
const checkMails = (world: World): void => {
  for (const { orderId, shipment, reason, state } of world.notification.service.rows(Mails)) {
    const key = `${orderId}/${shipment}/${reason}`;
    must(state === 'sent' || state === 'failed', 'Every mail is sent or known to have failed.', key);
    must(state === 'failed' || world.outside.mails.get(key) === 1, 'A mail is sent once.', key);
  }
};

/** All that must hold when nothing moves any more. */
export const checkAtRest = (world: World, orders: readonly Wanted[], arrived: ReadonlyMap<string, number>): void => {
  checkBooks(world);
  checkShelves(world, arrived);
  for (const order of orders) checkEnd(world, order);
  checkShipments(world);
  checkMails(world);
  checkIncidents(world);
  for (const process of world.processes) {
    must(process.deadLetters.length === 0, 'Nothing becomes a dead letter.', process.deadLetters);
  }
};
