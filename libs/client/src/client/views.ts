import type { CancellationReason, Line, LineOutcome, ServiceLevel, ShortagePreference } from '@baton/contracts';

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

/** A shipment that went out. */
export interface ShipmentFacts {
  readonly shipment: number;
  readonly carrier: string;
  readonly trackingNumber: string;
  readonly dispatchedAt: string | null;
  readonly deliveredAt: string | null;
}

/** Why an order takes longer. */
export interface Delay {
  readonly shipment: number;
  readonly reason: 'stock-short' | 'late';
  readonly at: string;
  readonly expectedAt?: string;
}

/** How an order ended: line by line when something went out, else why nothing did. */
export type Ending =
  | {
      readonly kind: 'completed';
      readonly at: string;
      readonly lines: readonly {
        readonly lineId: string;
        readonly quantity: number;
        readonly shipment: number;
        readonly outcome: LineOutcome;
      }[];
    }
  | { readonly kind: 'cancelled'; readonly at: string; readonly reason: CancellationReason; readonly detail: string };

/** What a submission, or a wish to cancel, is answered with. */
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

export interface TimelineEntry {
  readonly at: string;
  readonly fact: string;
  /** 0 for the order as a whole. */
  readonly shipment: number;
  readonly text: string;
}

/** One order in full. */
export interface OrderDetail extends OrderView {
  /** One plain sentence: what the order waits for, since when, until when, and what happens then. */
  readonly waitsFor: string;
  readonly timeline: readonly TimelineEntry[];
  /** Who said the two: the coordinator, or orders from its own facts while the coordinator does not answer. */
  readonly toldBy: 'coordinator' | 'orders';
  /** Id of the trace in which the order was taken in; null where nothing was traced. */
  readonly traceId: string | null;
  /** Where to look at that trace; null where nobody said where traces are kept. */
  readonly traceUrl: string | null;
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
  readonly served: readonly Served[];
}

export interface Served {
  readonly orderId: string;
  readonly shipment: number;
}

/** What became of a part of a catalogue. */
export interface Imported {
  readonly items: number;
  /** Levels that did not exist, levels whose on hand changed, and the rest. */
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Levels that would have fallen below what is reserved there, and were set to that instead. */
  readonly keptAtReserved: readonly {
    readonly sku: string;
    readonly location: string;
    readonly asked: number;
    readonly onHand: number;
  }[];
  readonly served: readonly Served[];
}

/** One line of a catalogue file. */
export interface StockItem {
  readonly sku: string;
  readonly location: string;
  readonly onHand: number;
  readonly name?: string;
}
