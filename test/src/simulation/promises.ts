import { Definitions, Incidents, Sagas } from '@baton/coordinator';
import { Books, Reservations, serveQueue, StockRows } from '@baton/inventory';
import { Mails } from '@baton/notification';
import { Orders } from '@baton/orders';
import { explain } from '@baton/saga';
import { Shipments } from '@baton/shipping';
import { PickLists, unitsPicked } from '@baton/warehouse';
import type { Wanted } from './people.js';
import { must } from './promise.js';
import type { WordWatch } from './watches.js';
import { LOCATIONS, type World } from './world.js';

const definitions = new Definitions();

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

/** No backorder waits for what is there, unless an older one needs it: at every moment. */
export const checkQueue = ({ inventory: { service } }: World): void => {
  const waiting = service.rows(Reservations).filter(({ state }) => state === 'waiting');
  if (waiting.length === 0) return;
  const skus = waiting.flatMap(({ lines }) => lines.map(({ sku }) => sku));
  const servable = serveQueue(waiting, new Books(service.rows(StockRows)), skus);
  must(servable.length === 0, 'No backorder waits for what is there.', servable);
};

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
  if (over && !world.lost.has('orders')) {
    must(order.status === saga.status, 'The customer hears how it ended.', `${order.status} ${saga.status}`);
  }
  const out = wentOut(world, orderId);
  must(out.length <= 1, 'What was ordered goes out once.', out);
  if (saga.status === 'cancelled') must(out.length === 0, 'What is cancelled does not go out.', out);
  if (saga.status === 'completed') must(out.length === 1, 'What is completed went out.', orderId);
};

/** Each wish to cancel is one, and has an answer, also one that came before its order or after the end. */
const checkWishes = (world: World, words: WordWatch): void => {
  for (const [id, orderId] of world.wished) {
    const order = world.orders.service.find(Orders, { orderId });
    const times = order?.wishes.filter((wish) => wish.id === id).length;
    must(times === 1 || world.wasRestored, 'Each wish is taken in once.', { orderId, id, times });
  }
  for (const { orderId, wishes, placedAt } of world.orders.service.rows(Orders)) {
    if (placedAt === null) continue;
    for (const index of wishes.keys()) {
      must(words.isAnswered(orderId, index + 1), 'Each wish is answered.', { orderId, wish: index + 1 });
    }
  }
};

/** Nothing is held for a cancelled order, and nobody works for it. */
const checkNothingHeld = (world: World, orderId: string): void => {
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
};

/** What left its shelf for a list that is undone is back there. */
export const checkPutAway = (world: World, orderId: string, shipment: number): void => {
  const list = world.warehouse.service.find(PickLists, { orderId, shipment });
  const isBack = !list || unitsPicked(list) === 0 || world.putAway.has(`${orderId}/${shipment}`);
  must(isBack, 'What left its shelf is put away before its list is undone.', list);
};

/** At the moment at which a cancellation is reported, it is true: nothing of the order is open anywhere. */
export const checkCancelled = (world: World, orderId: string): void => {
  checkNothingHeld(world, orderId);
  const parcels = [...world.outside.parcels.values()].filter((parcel) => parcel.orderId === orderId);
  const live = parcels.filter(({ state }) => state !== 'rejected' && state !== 'cancelled');
  must(live.length === 0, 'No carrier comes for a cancelled order.', live);
};

/** When all messages have arrived and all work is done, only what really went wrong is still an incident. */
const checkIncidents = (world: World): void => {
  for (const { orderId, shipment, step, reason, resolvedAt } of world.coordinator.service.rows(Incidents)) {
    if (resolvedAt !== null) continue;
    const mail = world.notification.service.find(Mails, { orderId, shipment, reason: step.slice('tell-'.length) });
    const gone = [...world.outside.parcels.values()].some(
      (parcel) => parcel.orderId === orderId && parcel.shipment === shipment && /lost|returned/.test(parcel.end ?? ''),
    );
    must(mail?.state === 'failed' || (step === 'deliver' && gone), 'An incident is about something.', {
      orderId,
      step,
      reason,
    });
  }
};

/** Of each parcel shipping knows what became of it, in whatever order its carrier told it. */
const checkParcels = (world: World): void => {
  for (const { orderId, shipment, end, key } of world.outside.parcels.values()) {
    const state = world.shipping.service.find(Shipments, { orderId, shipment })?.state;
    must(end === undefined || state === end, 'Shipping knows what became of a parcel.', { key, end, state });
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
        // Scans that came after a backup are lost with what was restored.
        const isPacked = list === 'packed' || world.wasRestored;
        must(held === 'settled' && isPacked && live.has(`${orderId}/${shipment}`), 'Done is done everywhere.', where);
      } else {
        must(held !== 'reserved' && held !== 'waiting' && held !== 'settled', 'What was undone holds no stock.', where);
        must(list === undefined || list === 'cancelled', 'What was undone is picked by nobody.', where);
        // A carrier may know of a booking that was made after a backup, which nobody else knows of any more.
        must(world.wasRestored || !live.has(`${orderId}/${shipment}`), 'What was undone has no carrier.', where);
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
  const incidents = new Set(
    world.coordinator.service.rows(Incidents).map(({ orderId, shipment, step }) => `${orderId}/${shipment}/${step}`),
  );
  for (const { orderId, shipment, reason, state } of world.notification.service.rows(Mails)) {
    const key = `${orderId}/${shipment}/${reason}`;
    must(state === 'sent' || state === 'failed', 'Every mail is sent or known to have failed.', key);
    must(state === 'failed' || world.outside.mails.get(key) === 1, 'A mail is sent once.', key);
    const step = `tell-${reason}`;
    const isNoticed =
      world.skipped.has(`${orderId}/${shipment}/${step}`) || incidents.has(`${orderId}/${shipment}/${step}`);
    must(state === 'sent' || isNoticed, 'A mail that failed is an incident.', key);
  }
};

/** What is put aside for good is wrong in itself: an order under the id of another. */
const checkDeadLetters = (world: World): void => {
  const letters = world.processes.flatMap(({ deadLetters }) => deadLetters);
  const isLost = world.wasRestored || world.lost.has('orders');
  const expected = isLost ? /was accepted before with|no order came under this id/ : /was accepted before with/;
  const unexpected = letters.filter(({ reason }) => !expected.test(reason));
  must(unexpected.length === 0, 'Nothing becomes a dead letter.', unexpected);
};

/** All that must hold when nothing moves any more. */
export const checkAtRest = (
  world: World,
  orders: readonly Wanted[],
  arrived: ReadonlyMap<string, number>,
  words: WordWatch,
): void => {
  checkBooks(world);
  checkShelves(world, arrived);
  for (const order of orders) checkEnd(world, order);
  for (const { orderId, status } of world.coordinator.service.rows(Sagas)) {
    if (status === 'cancelled') checkNothingHeld(world, orderId);
  }
  checkDeadLetters(world);
  // Of an order whose messages an operator gave up, nothing more is promised.
  if (world.lost.size > 0) return;
  checkShipments(world);
  checkMails(world);
  checkWishes(world, words);
  // What carriers reported after a backup is lost with what was restored.
  if (world.wasRestored) return;
  checkParcels(world);
  checkIncidents(world);
};

/** Operators went on without whatever they may go on without: nothing is left but what they may not. */
export const checkSettled = ({ coordinator, lost }: World): void => {
  const open = coordinator.service.rows(Incidents).filter(({ resolvedAt }) => resolvedAt === null);
  const left = open.filter(({ step }) => lost.size === 0 || step === 'deliver');
  must(left.length === 0, 'What an operator went on without is no incident any more.', left);
};
