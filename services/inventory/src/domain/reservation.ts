import {
  type EventDraft,
  type Line,
  type MissingLine,
  type ShortLine,
  StockReleased,
  StockReserved,
  StockSettled,
  StockShort,
} from '@baton/contracts';
import { byName } from './stock.js';

/**
 * What became of a shipment's stock.
 * reserved: held at one location · short: nobody had it all, nothing is held, the end · waiting: a backorder in the
 * queue · released: undone · settled: dispatched, off the books · tombstone: undone before anything was heard of it ·
 * early: dispatched before anything was heard of it, as after a restore, when one topic is read faster than another
 */
export const reservationStates = ['reserved', 'short', 'waiting', 'released', 'settled', 'tombstone', 'early'] as const;
export type ReservationState = (typeof reservationStates)[number];

/** The record of one shipment. It guards against doing anything twice, and can repeat every answer that was given. */
export interface Reservation {
  readonly orderId: string;
  readonly shipment: number;
  readonly state: ReservationState;
  /** Empty for a tombstone, and where a dispatch came early: neither says what it is about. */
  readonly lines: readonly Line[];
  /** Location that is tried first. */
  readonly region: string | null;
  /** Where it is held, or was. */
  readonly location: string | null;
  /** Place in the queue, ISO 8601 UTC with milliseconds; null for a shipment that never waited. */
  readonly placedAt: string | null;
  /** When the coordinator stops waiting, for people to see: inventory itself never gives up. */
  readonly deadline: string | null;
  /** What was said when it was short. */
  readonly short: readonly ShortLine[] | null;
  /** What was said when it was released. */
  readonly released: { readonly lines: readonly Line[]; readonly missing: readonly MissingLine[] } | null;
  /** Units written off so far, by line. */
  readonly missing: readonly MissingLine[];
}

/** A shipment whose stock is wanted, whichever event said so. */
export interface Wanted {
  readonly orderId: string;
  readonly shipment: number;
  readonly region?: string | undefined;
  readonly lines: readonly Line[];
}

export const newReservation = ({ orderId, shipment, region, lines }: Wanted, state: ReservationState): Reservation => ({
  orderId,
  shipment,
  state,
  lines,
  region: region ?? null,
  location: null,
  placedAt: null,
  deadline: null,
  short: null,
  released: null,
  missing: [],
});

/** Oldest backorder first: by when it was placed, then by order id and shipment, so that no two are equal. */
export const byAge = (a: Reservation, b: Reservation): number =>
  byName(a.placedAt ?? '', b.placedAt ?? '') || byName(a.orderId, b.orderId) || a.shipment - b.shipment;

/**
 * What a request for stock is answered with, from the record alone: the first answer again, or nothing when there is
 * none yet (waiting) or the shipment was undone.
 */
export const answerToRequest = (reservation: Reservation): readonly EventDraft[] => {
  const { orderId, shipment, state, location, lines, short } = reservation;
  switch (state) {
    case 'reserved':
    case 'settled':
      if (location === null) throw new Error(`Reservation ${orderId}/${shipment} is ${state} without a location.`);
      return [
        StockReserved({ orderId, shipment, location, lines: [...lines], backordered: reservation.placedAt !== null }),
      ];
    case 'short':
      return [StockShort({ orderId, shipment, lines: [...(short ?? [])] })];
    case 'waiting':
    case 'released':
    case 'tombstone':
    case 'early':
      return [];
    default:
      return state satisfies never;
  }
};

/** StockReleased as it was said first. */
export const answerToRelease = ({ orderId, shipment, released }: Reservation): EventDraft =>
  StockReleased({ orderId, shipment, lines: [...(released?.lines ?? [])], missing: [...(released?.missing ?? [])] });

/** StockSettled as it was said first. */
export const answerToDispatch = ({ orderId, shipment, location, lines }: Reservation): EventDraft => {
  if (location === null) throw new Error(`Reservation ${orderId}/${shipment} was settled without a location.`);
  return StockSettled({ orderId, shipment, location, lines: [...lines] });
};
