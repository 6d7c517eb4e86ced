import type { Line } from '@baton/contracts';

// What services answer, said again for whoever is outside of them: the client imports none. That both say the same is held
// in `test/src/conformance`.

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Give it as `after` to get the next page; null on the last. */
  readonly next: string | null;
}

/** Which page of a list. */
export interface PageOptions {
  readonly after?: string;
  /** 1 to 200. */
  readonly limit?: number;
}

/** What a customer is told of an order, by rank: the highest of all facts heard counts. */
export const orderStatuses = [
  'placed',
  'delayed',
  'cancelling',
  'dispatched',
  'delivered',
  'completed',
  'cancelled',
] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** An order in a list. Times are ISO 8601 in UTC here and everywhere. */
export interface OrderSummary {
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly statusSince: string;
  readonly placedAt: string;
  readonly lines: number;
  readonly units: number;
}

/** One moment in an order's life. */
export interface TimelineEntry {
  readonly at: string;
  readonly fact: string;
  /** 0 or absent for the order as a whole. */
  readonly shipment?: number | null;
  readonly text: string;
}

/** What a submission is answered with. */
export interface OrderView {
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly statusSince: string;
  readonly placedAt: string | null;
  readonly customerId?: string;
  readonly region: string | null;
  readonly serviceLevel: string | null;
  readonly onShortage: string | null;
  readonly lines: readonly Line[];
}

/** One order in full. */
export interface OrderDetail extends OrderView {
  /** One plain sentence: what the order waits for, since when, until when, and what happens then. */
  readonly waitsFor: string;
  readonly timeline: readonly TimelineEntry[];
  /** Id of the trace in which the order was taken in; null or absent where nothing was traced. */
  readonly traceId?: string | null;
  /** Where to look at that trace, if somebody said where traces are kept. */
  readonly traceUrl?: string | null;
}

/** How much of a SKU is at a location, in units. */
export interface StockLevel {
  readonly location: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly available: number;
}

/** One SKU at all its locations. */
export interface StockView {
  readonly sku: string;
  readonly name: string | null;
  /** Units that waiting backorders need. */
  readonly waiting: number;
  /** Units that nobody reserved, at all locations together. */
  readonly available: number;
  readonly levels: readonly StockLevel[];
}

/** A level after goods arrived. */
export interface Replenished extends StockLevel {
  readonly sku: string;
  /** Backorders that got what they waited for. */
  readonly served?: readonly { readonly orderId: string; readonly shipment: number }[];
}

/** One line of a catalogue file. */
export interface StockItem {
  readonly sku: string;
  readonly location: string;
  readonly onHand: number;
  readonly name?: string;
}

/** `waiting` is for stock. */
export type SagaStatus = 'running' | 'waiting' | 'completed' | 'cancelled';

/** A saga as operators see it in a list. */
export interface SagaSummary {
  readonly orderId: string;
  readonly definition: string;
  readonly version: number;
  readonly status: SagaStatus;
  readonly openIncidents: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly endedAt: string | null;
  /** What it waits for, since when, until when, and what happens then. */
  readonly sentence: string;
}

/** One saga with what happened to it. */
export interface SagaView extends SagaSummary {
  readonly incidents: readonly Incident[];
  readonly timeline: readonly { readonly at: string; readonly fact: string }[];
}

/** A call for a person, with its owner and due time. */
export interface Incident {
  readonly incidentId: string;
  readonly orderId: string;
  readonly shipment: number;
  readonly step: string;
  readonly reason: string;
  readonly owner: string;
  readonly dueAt: string;
  readonly openedAt: string;
  readonly resolvedAt?: string | null;
}
