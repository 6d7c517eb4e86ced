import {
  BackorderPlaced,
  OrderPlaced,
  ShipmentDispatched,
  StockReleaseRequested,
  StockRequested,
} from '@baton/contracts';
import {
  type CommandOf,
  found,
  type Loaded,
  many,
  On,
  one,
  type Outcome,
  Refused,
  save,
  type Moment,
} from '@baton/messaging';
import { Controller } from '@nestjs/common';
import { CountStock, ImportStock, ReplenishStock } from './commands.js';
import { type Decision, placeBackorder, release, reserve, settle } from './domain/decide.js';
import { count, importCatalogue, type Kept, type Refusal, replenish } from './domain/keeping.js';
import type { Reservation } from './domain/reservation.js';
import { Books, type Stock } from './domain/stock.js';
import { connectedBackorders, Reservations } from './store/reservations.js';
import { connectedStock, QUEUE_LOCK, QueueLocks, StockRows } from './store/stock.js';

const FIRST_SHIPMENT = 1;

const keysOf = (lines: readonly { readonly sku: string }[]) =>
  [...new Set(lines.map(({ sku }) => sku))].map((sku) => ({ sku }));

/** Who waits and is connected with these SKUs, and their stock. Always in the second stage, after the lock. */
const theQueue = (lines: readonly { readonly sku: string }[]) => {
  const skus = keysOf(lines).map(({ sku }) => sku);
  return skus.length > 0
    ? { queue: found(connectedBackorders, { skus }), waited: found(connectedStock, { skus }) }
    : { queue: many(Reservations, []), waited: many(StockRows, []) };
};
const theLock = () => ({ lock: one(QueueLocks, QUEUE_LOCK) });

const placedOrder = ({ data }: OrderPlaced) => ({
  known: one(Reservations, { orderId: data.orderId, shipment: FIRST_SHIPMENT }),
  stock: many(StockRows, keysOf(data.lines)),
});

const recordOf = ({ data: { orderId, shipment } }: { readonly data: { orderId: string; shipment: number } }) => ({
  known: one(Reservations, { orderId, shipment }),
});

const requestedStock = (event: StockRequested) => ({
  ...recordOf(event),
  stock: many(StockRows, keysOf(event.data.lines)),
});

const placedBackorder = (event: BackorderPlaced) => ({
  ...recordOf(event),
  ...theLock(),
  stock: many(StockRows, keysOf(event.data.lines)),
});
const itsQueue = ({ data }: BackorderPlaced) => theQueue(data.lines);

const releaseRequest = (event: StockReleaseRequested) => ({ ...recordOf(event), ...theLock() });
const releasedStock = (_: StockReleaseRequested, { known }: Loaded<typeof releaseRequest>) => ({
  stock: many(StockRows, keysOf(known?.lines ?? [])),
  ...theQueue(known?.lines ?? []),
});

const dispatchedStock = (_: ShipmentDispatched, { known }: Loaded<typeof recordOf>) => ({
  stock: many(StockRows, keysOf(known?.lines ?? [])),
});

const replenished = ({ data }: CommandOf<typeof ReplenishStock>) => ({
  ...theLock(),
  stock: many(StockRows, keysOf([data])),
});
const whoWaitsForIt = ({ data }: CommandOf<typeof ReplenishStock>) => theQueue([data]);

const counted = ({ data }: CommandOf<typeof CountStock>) => ({ ...theLock(), stock: many(StockRows, keysOf([data])) });
const whoWaitedForIt = ({ data }: CommandOf<typeof CountStock>) => theQueue([data]);

const importedStock = ({ data }: CommandOf<typeof ImportStock>) => ({
  ...theLock(),
  stock: many(StockRows, keysOf(data.items)),
});
const whoWaitsForThem = ({ data }: CommandOf<typeof ImportStock>) => theQueue(data.items);

/** What inventory does when something happens elsewhere, or somebody changes stock. */
@Controller()
export class InventoryReactions {
  @On(OrderPlaced, placedOrder)
  reserveOrder({ data }: OrderPlaced, { known, stock }: Loaded<typeof placedOrder>): Outcome {
    return outcomeOf(reserve({ ...data, shipment: FIRST_SHIPMENT }, known, new Books(stock)));
  }

  @On(StockRequested, requestedStock)
  reserveShipment({ data }: StockRequested, { known, stock }: Loaded<typeof requestedStock>): Outcome {
    return outcomeOf(reserve(data, known, new Books(stock)));
  }

  @On(BackorderPlaced, placedBackorder, itsQueue)
  placeBackorder(
    { data }: BackorderPlaced,
    { known, stock, queue, waited }: Loaded<typeof placedBackorder, typeof itsQueue>,
  ): Outcome {
    return outcomeOf(placeBackorder(data, known, queue, new Books([...stock, ...waited])));
  }

  @On(StockReleaseRequested, releaseRequest, releasedStock)
  release(
    { data }: StockReleaseRequested,
    { known, stock, queue, waited }: Loaded<typeof releaseRequest, typeof releasedStock>,
  ): Outcome {
    return outcomeOf(release(data, known, queue, new Books([...stock, ...waited])));
  }

  @On(ShipmentDispatched, recordOf, dispatchedStock)
  settle({ data }: ShipmentDispatched, { known, stock }: Loaded<typeof recordOf, typeof dispatchedStock>): Outcome {
    return outcomeOf(settle(data, known, new Books(stock)));
  }

  @On(ReplenishStock, replenished, whoWaitsForIt)
  replenish(
    { data }: CommandOf<typeof ReplenishStock>,
    { stock, queue, waited }: Loaded<typeof replenished, typeof whoWaitsForIt>,
    { messageId }: Moment,
  ): Outcome {
    return keptOutcome(replenish(data, queue, new Books([...stock, ...waited]), messageId));
  }

  @On(CountStock, counted, whoWaitedForIt)
  count(
    { data }: CommandOf<typeof CountStock>,
    { stock, queue, waited }: Loaded<typeof counted, typeof whoWaitedForIt>,
    { messageId }: Moment,
  ): Outcome {
    return keptOutcome(count(data, queue, new Books([...stock, ...waited]), messageId));
  }

  @On(ImportStock, importedStock, whoWaitsForThem)
  import(
    { data }: CommandOf<typeof ImportStock>,
    { stock, queue, waited }: Loaded<typeof importedStock, typeof whoWaitsForThem>,
  ): Outcome {
    const imported = importCatalogue(data.items, queue, new Books([...stock, ...waited]));
    const { reservations: _, stock: __, say: ___, ...body } = imported;
    return { ...outcomeOf(imported), reply: { body } };
  }
}

const changes = (reservations: readonly Reservation[], stock: readonly Stock[]) => [
  ...reservations.map((row) => save(Reservations, row)),
  ...stock.map((row) => save(StockRows, row)),
];

const outcomeOf = ({ reservations, stock, say, impossible }: Decision): Outcome => ({
  save: changes(reservations, stock),
  publish: say,
  ...(impossible !== undefined && { deadLetter: impossible }),
});

const statusOf: Readonly<Record<Refusal['code'], number>> = {
  'unknown-stock': 404,
  'stock-below-reserved': 409,
  'too-much-stock': 409,
};

const keptOutcome = (result: Kept | Refusal): Outcome => {
  if ('code' in result) throw new Refused(statusOf[result.code], result.code, result.detail, result.members);
  return { ...outcomeOf(result), reply: { body: { ...result.level, served: result.served } } };
};
