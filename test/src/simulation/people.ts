import { OrderCancellationSubmitted, OrderSubmitted } from '@baton/contracts';
import { CountStock, ReplenishStock, StockRows } from '@baton/inventory';
import { CancelOrder, PlaceOrder } from '@baton/orders';
import { ReportTracking, type TrackingStatus } from '@baton/shipping';
import {
  ClaimPickList,
  PackPickList,
  type PickList,
  PickLines,
  PickLists,
  PutAway,
  ReportShort,
} from '@baton/warehouse';
import type { Parcel, ParcelEnd } from './outside.js';
import type { Random } from './random.js';
import { LOCATIONS, type World } from './world.js';

/** An order of a run. */
export interface Wanted {
  readonly orderId: string;
  readonly onShortage: 'backorder' | 'cancel';
  /** SKU and quantity of each line. */
  readonly lines: readonly (readonly [sku: string, quantity: number])[];
}

const order = ({ orderId, onShortage, lines }: Wanted) => ({
  orderId,
  customer: {
    name: 'Ada',
    email: 'ada@example.test',
    address: { city: 'Paris', postalCode: '75001', country: 'France' },
  },
  region: 'East',
  serviceLevel: 'standard' as const,
  onShortage,
  lines: lines.map(([sku, quantity], index) => ({ lineId: `l${index}`, sku, quantity })),
});

/** A shop hands an order over, by event or by HTTP. */
export const placeOrder = (world: World, wanted: Wanted, random: Random): void => {
  if (random.chance(0.5)) world.submit(OrderSubmitted(order(wanted)));
  else world.orders.submit(PlaceOrder, order(wanted), world.newId());
};

/** A shop hands over what it handed over before, or something else under the same id. */
export const placeAgain = (world: World, wanted: Wanted, random: Random): void => {
  const [[sku] = [''], ...others] = wanted.lines;
  const lines = random.chance(0.3) ? wanted.lines : [[sku, 9] as const, ...others];
  placeOrder(world, { ...wanted, lines }, random);
};

/** A customer does not want it any more, by event (maybe before the order was read) or by HTTP. */
export const cancelOrder = (world: World, orderId: string, random: Random): void => {
  if (random.chance(0.5)) world.wished.set(world.submit(OrderCancellationSubmitted({ orderId })), orderId);
  else world.orders.submit(CancelOrder, { orderId }, world.newId());
};

export const replenish = (world: World, sku: string, quantity: number, random: Random): void => {
  const data = { sku, location: random.pick(LOCATIONS), quantity };
  world.inventory.submit(ReplenishStock, data, world.newId());
};

/** Somebody counts a shelf; it may hold more or less than the book says. Returns by how much the book changed. */
export const countShelf = (world: World, sku: string, random: Random): number => {
  const location = random.pick(LOCATIONS);
  const onHand = (): number =>
    world.inventory.service.find(StockRows, { sku })?.levels.find((each) => each.location === location)?.onHand ?? 0;
  const before = onHand();
  const counted = Math.max(0, before + random.below(4) - 2);
  world.inventory.submit(CountStock, { sku, location, counted }, world.newId());
  return onHand() - before;
};

export const skusOf = (world: World): readonly string[] =>
  world.inventory.service.rows(StockRows).map(({ sku }) => sku);

/** Pick lists that somebody has to do something about. */
export const openLists = (world: World): readonly PickList[] =>
  world.warehouse.service
    .rows(PickLists)
    .filter(({ state }) => state === 'open' || state === 'claimed' || state === 'picking' || state === 'stopping');

/** The next thing that a person does with a list; now and then the shelf holds less than the book says. */
export const workOn = (world: World, list: PickList, random: Random, shorts: number): void => {
  const { orderId, shipment, lines, state } = list;
  const { warehouse } = world;
  const id = world.newId();
  if (state === 'stopping') {
    world.putAway.add(`${orderId}/${shipment}`);
    return warehouse.submit(PutAway, { orderId, shipment }, id);
  }
  if (state === 'open') return warehouse.submit(ClaimPickList, { orderId, shipment, worker: 'ann' }, id);
  if (random.chance(shorts)) {
    const { lineId, quantity } = random.pick(lines);
    return warehouse.submit(ReportShort, { orderId, shipment, lineId, picked: random.below(quantity) }, id);
  }
  if (state === 'picking') return warehouse.submit(PackPickList, { orderId, shipment, parcels: 1 }, id);
  const picks = lines.map(({ lineId, quantity }) => ({ lineId, quantity }));
  return warehouse.submit(PickLines, { orderId, shipment, picks }, id);
};

/** Parcels of which their carrier has something to report. */
export const onTheWay = (world: World): readonly Parcel[] =>
  [...world.outside.parcels.values()].filter(({ state }) => state === 'handed-over');

/** Parcels that are lost, as their carrier said, and may turn up. */
export const lostParcels = (world: World): readonly Parcel[] =>
  [...world.outside.parcels.values()].filter(({ end }) => end === 'lost');

const report = (world: World, { key, orderId, shipment, carrier }: Parcel, status: TrackingStatus): void => {
  const data = { orderId, shipment, carrier, trackingNumber: key, status, at: world.now };
  world.shipping.submit(ReportTracking, data, world.newId());
};

/** A carrier reports by webhook, maybe before shipping has read the answer to the handover. */
export const track = (world: World, parcel: Parcel, status: ParcelEnd): void => {
  report(world, parcel, status);
  world.outside.report(parcel, status);
};

const OVERTAKEN: readonly TrackingStatus[] = ['dispatched', 'lost'];
const OVERTAKEN_BY_RETURN: readonly TrackingStatus[] = [...OVERTAKEN, 'delivered'];

/** A report of a carrier comes that was overtaken by another, or of what is known already. */
export const trackLate = (world: World, parcel: Parcel, random: Random): void =>
  report(world, parcel, random.pick(parcel.end === 'returned' ? OVERTAKEN_BY_RETURN : OVERTAKEN));

/** Parcels of whose end their carrier has told. */
export const toldOf = (world: World): readonly Parcel[] =>
  [...world.outside.parcels.values()].filter(({ end }) => end !== undefined);

/** What a carrier has to report of a parcel in the end. */
export const endOfTheWay = (random: Random, losses: number): ParcelEnd =>
  random.chance(losses) ? random.pick(['lost', 'returned'] as const) : 'delivered';
