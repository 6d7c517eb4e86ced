import type { Fact } from '@baton/saga';

/** One thing that happened, as people read it. */
export interface TimelineEntry {
  readonly at: string;
  /** Name of an event, heard or said, or `DeadlinePassed`, `StepSkipped`. */
  readonly fact: string;
  readonly shipment?: number;
  readonly step?: string;
  readonly attempt?: number;
  /** What is good to know besides: a reason, a carrier. */
  readonly note?: string;
  /** The same in a plain sentence. */
  readonly text: string;
}

const texts: Readonly<Record<string, string>> = {
  OrderPlaced: 'The order was placed',
  OrderCancellationRequested: 'The customer asked to cancel the order',
  FulfilmentStarted: 'Fulfilment began',
  StockReserved: 'Stock was reserved',
  StockShort: 'There is not enough stock',
  StockReleased: 'Its stock was released',
  StockSettled: 'Its stock is off the books',
  PickListCreated: 'A pick list waits for somebody',
  PickListShort: 'The shelf held less than the book said',
  PickListPacked: 'It is packed',
  PickListCancelled: 'The pick list was stopped, and all was put away',
  ShipmentBooked: 'A carrier was booked',
  ShipmentRejected: 'A carrier refused it',
  ShipmentDispatched: 'The carrier took it',
  ShipmentDelivered: 'It was delivered',
  ShipmentLost: 'The carrier lost it',
  ShipmentReturned: 'It came back undelivered',
  ShipmentCancelled: 'It was stopped before it went out',
  ShipmentCancellationRefused: 'It could not be stopped any more',
  CustomerNotified: 'The customer was told',
  NotificationFailed: 'The customer could not be told',
  StockRequested: 'Its stock was asked for',
  BackorderPlaced: 'It waits for stock',
  ShipmentBookingRequested: 'A carrier was asked for',
  ShipmentCancellationRequested: 'Shipping was asked to stop it',
  PickListCancellationRequested: 'The warehouse was asked to stop and put away',
  StockReleaseRequested: 'Inventory was asked to release its stock',
  OrderDelayed: 'It takes longer than promised',
  CancellationRefused: 'The cancellation was refused: something has gone out',
  IncidentOpened: 'An incident was opened',
  IncidentResolved: 'An incident was resolved',
  FulfilmentCompleted: 'The order is complete',
  FulfilmentCancelled: 'The order is cancelled',
  DeadlinePassed: 'A deadline passed',
  StepSkipped: 'An operator went on without a step',
};

/** A fact of a saga's history, with a sentence. A fact without a text of its own is told by its name. */
export const entryOf = ({ at, fact, unit, step, attempt, note }: Fact): TimelineEntry => {
  const details = [step, note].filter((each) => each !== undefined).join(': ');
  const subject = unit === undefined ? '' : `Shipment ${unit}: `;
  const said = texts[fact] ?? fact;
  const text = subject ? `${said.charAt(0).toLowerCase()}${said.slice(1)}` : said;
  return {
    at,
    fact,
    ...(unit !== undefined && { shipment: unit }),
    ...(step !== undefined && { step }),
    ...(attempt !== undefined && { attempt }),
    ...(note !== undefined && { note }),
    text: `${subject}${text}${details === '' ? '' : ` (${details})`}.`,
  };
};
