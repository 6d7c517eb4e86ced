import { OrderCancellationSubmitted, OrderSubmitted } from '@baton/contracts';
import { ReplenishStock, StockRows } from '@baton/inventory';
import { CancelOrder, PlaceOrder } from '@baton/orders';
import { ReportTracking } from '@baton/shipping';
import {
  ClaimPickList,
  PackPickList,
  type PickList,
  PickLines,
  PickLists,
  PutAway,
  ReportShort,
} from '@baton/warehouse';
import type { Parcel } from './outside.js';
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

/** A customer does not want it any more, by event (maybe before the order was read) or by HTTP. */
export const cancelOrder = (world: World, orderId: string, random: Random): void => {
  if (random.chance(0.5)) world.submit(OrderCancellationSubmitted({ orderId }));
  else world.orders.submit(CancelOrder, { orderId }, world.newId());
};

export const replenish = (world: World, sku: string, quantity: number, random: Random): void => {
  const data = { sku, location: random.pick(LOCATIONS), quantity };
  world.inventory.submit(ReplenishStock, data, world.newId());
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
  if (state === 'stopping') return warehouse.submit(PutAway, { orderId, shipment }, id);
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

/** A carrier reports by webhook, maybe before shipping has read the answer to the handover. */
export const track = (world: World, parcel: Parcel, random: Random, losses: number): void => {
  const { key, orderId, shipment, carrier } = parcel;
  const status = random.chance(losses) ? random.pick(['lost', 'returned'] as const) : ('delivered' as const);
  const data = { orderId, shipment, carrier, trackingNumber: key, status, at: world.now };
  world.shipping.submit(ReportTracking, data, world.newId());
  world.outside.report(parcel, status !== 'delivered');
};
