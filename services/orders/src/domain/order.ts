import type {
  CancellationReason,
  Customer,
  Line,
  LineOutcome,
  Order,
  ServiceLevel,
  ShortagePreference,
} from '@baton/contracts';

/**
 * What a customer is told about an order, by rank: the status is the highest of all facts heard, whatever their order
 * of arrival. `awaited` is no status of an order but of a record that waits for one: something was heard about an id
 * under which nothing was submitted yet.
 */
export const orderStatuses = [
  'awaited',
  'placed',
  'delayed',
  'cancelling',
  'dispatched',
  'delivered',
  'completed',
  'cancelled',
] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** One wish to cancel. Its number is its place in the list, from 1. */
export interface Wish {
  /** Id of the message that brought it, so that the same message again is no second wish. */
  readonly id: string;
  readonly at: string;
  readonly reason?: string;
}

/** What is known here of a shipment that went out. Times are ISO 8601, null when not heard yet. */
export interface ShipmentFacts {
  readonly shipment: number;
  readonly carrier: string;
  readonly trackingNumber: string;
  readonly dispatchedAt: string | null;
  readonly deliveredAt: string | null;
}

/** Why the order takes longer, and until when. */
export interface Delay {
  readonly shipment: number;
  readonly reason: 'stock-short' | 'late';
  readonly at: string;
  readonly expectedAt?: string;
}

/** How the order ended. */
export type Ending =
  | { readonly kind: 'completed'; readonly at: string; readonly lines: readonly EndedLine[] }
  | { readonly kind: 'cancelled'; readonly at: string; readonly reason: CancellationReason; readonly detail: string };

/** What became of one line, or of a part of it. */
export interface EndedLine {
  readonly lineId: string;
  readonly quantity: number;
  readonly shipment: number;
  readonly outcome: LineOutcome;
}

/** All that the orders service remembers of one order id. Fields of the order are null until it was submitted. */
export interface OrderRecord {
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly statusSince: string;
  readonly placedAt: string | null;
  /** The only place with personal data. */
  readonly customer: Customer | null;
  readonly region: string | null;
  readonly serviceLevel: ServiceLevel | null;
  readonly onShortage: ShortagePreference | null;
  readonly lines: readonly Line[];
  readonly wishes: readonly Wish[];
  readonly shipments: readonly ShipmentFacts[];
  readonly delay: Delay | null;
  readonly ending: Ending | null;
  /** When wishes that came before their order are given up; null when none waits. */
  readonly wishesExpireAt: string | null;
}

/** A record of which only the id is known. */
export const awaitedOrder = (orderId: string, now: string): OrderRecord => ({
  orderId,
  status: 'awaited',
  statusSince: now,
  placedAt: null,
  customer: null,
  region: null,
  serviceLevel: null,
  onShortage: null,
  lines: [],
  wishes: [],
  shipments: [],
  delay: null,
  ending: null,
  wishesExpireAt: null,
});

/** True once an order was accepted under this id. */
export const isPlaced = <Known extends OrderRecord>(record: Known | undefined): record is Known & PlacedOrder =>
  record?.placedAt != null;

export type PlacedOrder = OrderRecord & { readonly placedAt: string };

/** The order as it was submitted, defaults filled in; undefined for a record that still waits for one. */
export const orderOf = (record: OrderRecord): Order | undefined => {
  const { orderId, customer, region, serviceLevel, onShortage, lines } = record;
  if (!customer || !serviceLevel || !onShortage) return undefined;
  return { orderId, customer, ...(region !== null && { region }), serviceLevel, onShortage, lines: [...lines] };
};
