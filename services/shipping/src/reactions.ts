import {
  FulfilmentContinued,
  OrderPlaced,
  PickListPacked,
  ShipmentBookingRequested,
  ShipmentCancellationRequested,
  StockReserved,
} from '@baton/contracts';
import {
  type EffectResult,
  type Loaded,
  many,
  type Moment,
  On,
  one,
  type Outcome,
  Refused,
  save,
} from '@baton/messaging';
import { CONFIG } from '@baton/service-kit';
import { Controller, Inject } from '@nestjs/common';
import { ReportTracking } from './commands.js';
import type { ShippingConfig } from './config.js';
import { type Destination, destinationOf, type Recipient, recipientIn, waitingFor } from './domain/address.js';
import { type BookingWish, bookingWasAskedFor, carrierAnswered, orderBecameKnown } from './domain/booking.js';
import type { BookCall, BookingAnswer, CancelCall, Decision, HandOverCall } from './domain/decision.js';
import {
  cancellationWasRequested,
  carrierCancelled,
  carrierTookOver,
  shipmentWasPacked,
  trackingWasReported,
} from './domain/pivot.js';
import { bookedWith, codeIn, type Shipment, type ShipmentIdentity } from './domain/shipment.js';
import { BookWithCarrier, CancelWithCarrier, effectOf, HandOver } from './effects.js';
import { Destinations } from './store/destination.entity.js';
import { Shipments } from './store/shipment.entity.js';

const rowOf = ({ orderId, shipment }: ShipmentIdentity) => one(Shipments, { orderId, shipment });

const theRow = ({ data }: { readonly data: ShipmentIdentity }) => ({ row: rowOf(data) });
const rowAndDestination = ({ data }: { readonly data: ShipmentIdentity }) => ({
  row: rowOf(data),
  destination: one(Destinations, { orderId: data.orderId }),
});
const calledRow = ({ payload }: { readonly payload: ShipmentIdentity }) => ({ row: rowOf(payload) });
const allOfOrder = ({ data: { orderId, shipments } }: FulfilmentContinued) => ({
  destination: one(Destinations, { orderId }),
  rows: many(
    Shipments,
    shipments.map((shipment) => ({ orderId, shipment })),
  ),
});
const theDestination = ({ data: { orderId } }: OrderPlaced) => ({ destination: one(Destinations, { orderId }) });
const theWaiting = ({ data: { orderId } }: OrderPlaced, { destination }: Loaded<typeof theDestination>) => ({
  waiting: many(
    Shipments,
    (destination?.waiting ?? []).map((shipment) => ({ orderId, shipment })),
  ),
});

/** What shipping reacts to: events, the carriers' answers to its calls, and what they report by themselves. */
@Controller()
export class ShippingReactions {
  private readonly carriers: readonly string[];

  /** @param config read once: the carriers' names are data, the same for the life of the process */
  constructor(@Inject(CONFIG) { SHIPPING_CARRIERS }: Pick<ShippingConfig, 'SHIPPING_CARRIERS'>) {
    this.carriers = SHIPPING_CARRIERS;
  }

  @On(OrderPlaced, theDestination, theWaiting)
  learnAddress(
    { data }: OrderPlaced,
    { destination, waiting }: Loaded<typeof theDestination, typeof theWaiting>,
  ): Outcome {
    const known = destinationOf(destination, data);
    if (known === destination) return {};
    const decisions = waiting.map((row) => ({ row, decision: orderBecameKnown(row, data, this.carriers) }));
    return {
      save: [save(Destinations, known), ...decisions.flatMap(({ row, decision }) => changes(row, decision))],
      effects: decisions.flatMap(({ decision }) => callsOf(decision, recipientIn(known))),
    };
  }

  @On(StockReserved, rowAndDestination)
  bookFirst({ data }: StockReserved, found: Loaded<typeof rowAndDestination>, { now }: Moment): Outcome {
    const { orderId, shipment } = data;
    return this.book({ orderId, shipment, attempt: 1 }, found, now);
  }

  @On(ShipmentBookingRequested, rowAndDestination)
  bookAnother({ data }: ShipmentBookingRequested, found: Loaded<typeof rowAndDestination>, { now }: Moment): Outcome {
    return this.book(data, found, now);
  }

  @On(PickListPacked, theRow)
  dispatch({ data }: PickListPacked, { row }: Loaded<typeof theRow>, { now }: Moment): Outcome {
    return outcomeOf(row, shipmentWasPacked(row, data, now));
  }

  @On(ShipmentCancellationRequested, theRow)
  cancel({ data }: ShipmentCancellationRequested, { row }: Loaded<typeof theRow>, { now }: Moment): Outcome {
    return outcomeOf(row, cancellationWasRequested(row, data, now));
  }

  @On(BookWithCarrier.result, calledRow)
  booked({ payload, result }: EffectResult<BookCall, BookingAnswer>, { row }: Loaded<typeof calledRow>): Outcome {
    const known = existing(row, payload);
    return outcomeOf(known, carrierAnswered(known, payload.attempt, result, payload, this.carriers));
  }

  @On(CancelWithCarrier.result, calledRow)
  cancelled({ payload }: EffectResult<CancelCall, { cancelled: true }>, { row }: Loaded<typeof calledRow>): Outcome {
    const known = existing(row, payload);
    return outcomeOf(known, carrierCancelled(known));
  }

  @On(HandOver.result, calledRow)
  handedOver(
    { payload, result }: EffectResult<HandOverCall, { handedOverAt: string }>,
    { row }: Loaded<typeof calledRow>,
  ): Outcome {
    const known = existing(row, payload);
    return outcomeOf(known, carrierTookOver(known, result.handedOverAt));
  }

  @On(ReportTracking, theRow)
  track({ data }: ReportTracking, { row }: Loaded<typeof theRow>): Outcome {
    const { carrier, trackingNumber, status, at } = data;
    const reason = codeIn(data.reason);
    const booking = row && bookedWith(row);
    if (!booking || booking.carrier !== carrier || booking.trackingNumber !== trackingNumber) {
      throw unknownTrackingNumber();
    }
    const decision = trackingWasReported(row, { status, at, ...(reason !== undefined && { reason }) });
    if (decision === 'not-handed-over') {
      throw new Refused(409, 'not-handed-over', `The parcels were not handed over; they cannot be ${status}.`);
    }
    return { ...outcomeOf(row, decision), reply: { body: { received: true } } };
  }

  /** What was asked for is back from the archive, and begins its time there anew. */
  @On(FulfilmentContinued, allOfOrder)
  keep(): Outcome {
    return {};
  }

  private book(wish: BookingWish, { row, destination }: Loaded<typeof rowAndDestination>, now: string): Outcome {
    const decision = bookingWasAskedFor(row, wish, knownOrder(destination), this.carriers, now);
    const outcome = outcomeOf(row, decision, recipientIn(destination));
    const { shipment } = decision;
    if (shipment === row || shipment.state !== 'waiting') return outcome;
    return {
      ...outcome,
      save: [...(outcome.save ?? []), save(Destinations, waitingFor(destination, wish.orderId, wish.shipment))],
    };
  }
}

const knownOrder = (destination: Destination | undefined) => {
  const serviceLevel = destination?.serviceLevel ?? undefined;
  return serviceLevel && { serviceLevel };
};

const changes = (before: Shipment | undefined, { shipment }: Decision) =>
  shipment === before ? [] : [save(Shipments, shipment)];

const callsOf = ({ calls }: Decision, recipient?: Recipient) => calls.map((call) => effectOf(call, recipient));

/** @param recipient where the parcels go, if it was loaded: bookings are made without reading it */
const outcomeOf = (before: Shipment | undefined, decision: Decision, recipient?: Recipient): Outcome => ({
  save: changes(before, decision),
  publish: decision.say,
  effects: callsOf(decision, recipient),
});

const existing = (row: Shipment | undefined, { orderId, shipment }: ShipmentIdentity): Shipment => {
  if (!row) throw new Error(`A carrier was called for shipment ${orderId}/${shipment}, of which there is no record.`);
  return row;
};

export const unknownTrackingNumber = (): Refused =>
  new Refused(404, 'unknown-tracking-number', 'No shipment has this tracking number with this carrier.');
