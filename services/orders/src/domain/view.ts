import type { Line, ServiceLevel, ShortagePreference } from '@baton/contracts';
import type { Delay, Ending, OrderRecord, OrderStatus, ShipmentFacts } from './order.js';

/** One moment in an order's life. */
export interface TimelineEntry {
  readonly at: string;
  readonly fact: string;
  /** 0 stands for the order as a whole. */
  readonly shipment: number;
  readonly text: string;
}

/** An order as its customer may see it; holds no personal data but the shop's own id of the customer. */
export interface OrderView {
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly statusSince: string;
  readonly placedAt: string | null;
  readonly customerId?: string;
  readonly region: string | null;
  readonly serviceLevel: ServiceLevel | null;
  readonly onShortage: ShortagePreference | null;
  readonly lines: readonly Line[];
  readonly shipments: readonly ShipmentFacts[];
  readonly delay: Delay | null;
  readonly cancellationWishes: number;
  readonly ending: Ending | null;
}

/** What may be shown of a record. */
export const viewOf = (record: OrderRecord): OrderView => {
  const { orderId, status, statusSince, placedAt, customer, region, serviceLevel, onShortage, lines } = record;
  return {
    orderId,
    status,
    statusSince,
    placedAt,
    ...(customer?.customerId !== undefined && { customerId: customer.customerId }),
    region,
    serviceLevel,
    onShortage,
    lines,
    shipments: record.shipments,
    delay: record.delay,
    cancellationWishes: record.wishes.length,
    ending: record.ending,
  };
};

const parcel = ({ shipment, carrier, trackingNumber }: ShipmentFacts): string =>
  `shipment ${shipment} (${carrier}, tracking number ${trackingNumber})`;

/**
 * What the order waits for, from this service's own facts. The coordinator knows more (which step, until when); this
 * sentence stands in when it does not answer.
 */
export const ownSentence = (record: OrderRecord): string => {
  const { orderId, status, statusSince, shipments, delay, ending } = record;
  switch (status) {
    case 'awaited':
      return `Nothing was submitted as order ${orderId} yet.`;
    case 'placed':
      return `Order ${orderId} was placed at ${statusSince} and is being prepared; a cancellation is still possible.`;
    case 'delayed': {
      const cause = delay?.reason === 'stock-short' ? 'waits for stock' : 'is late';
      const until = delay?.expectedAt ? `it is expected at ${delay.expectedAt}` : 'nobody knows yet until when';
      return `Order ${orderId} ${cause} since ${delay?.at ?? statusSince}; ${until}.`;
    }
    case 'cancelling':
      return `Order ${orderId} waits since ${statusSince} for its cancellation: what was begun is being undone, unless something has gone out.`;
    case 'dispatched': {
      const open = shipments.filter(({ deliveredAt }) => deliveredAt === null).map(parcel);
      return `Order ${orderId} waits since ${statusSince} for the delivery of ${open.join(' and ') || 'its shipment'}.`;
    }
    case 'delivered':
      return `Order ${orderId} was delivered at ${statusSince}; only its books are still to be closed.`;
    case 'completed':
      return `Order ${orderId} was completed at ${ending?.at ?? statusSince}; it waits for nothing.`;
    case 'cancelled': {
      const why = ending?.kind === 'cancelled' ? ` (${ending.detail})` : '';
      return `Order ${orderId} was cancelled at ${ending?.at ?? statusSince}${why}; it waits for nothing.`;
    }
    default:
      return status satisfies never;
  }
};

/** What happened to the order, from this service's own facts, oldest first. */
export const ownTimeline = (record: OrderRecord): readonly TimelineEntry[] => {
  const { placedAt, wishes, shipments, delay, ending } = record;
  const entries: TimelineEntry[] = [];
  const add = (at: string | null | undefined, fact: string, shipment: number, text: string): void => {
    if (at) entries.push({ at, fact, shipment, text });
  };
  add(placedAt, 'OrderPlaced', 0, 'The order was placed.');
  for (const { at } of wishes) add(at, 'OrderCancellationRequested', 0, 'A cancellation was asked for.');
  add(delay?.at, 'OrderDelayed', delay?.shipment ?? 0, 'The order takes longer than promised.');
  for (const facts of shipments) {
    add(facts.dispatchedAt, 'ShipmentDispatched', facts.shipment, `A carrier took ${parcel(facts)}.`);
    add(facts.deliveredAt, 'ShipmentDelivered', facts.shipment, `The carrier delivered ${parcel(facts)}.`);
  }
  if (ending?.kind === 'completed') add(ending.at, 'FulfilmentCompleted', 0, 'The order was completed.');
  if (ending?.kind === 'cancelled')
    add(ending.at, 'FulfilmentCancelled', 0, `The order was cancelled: ${ending.detail}`);
  return entries.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
};
