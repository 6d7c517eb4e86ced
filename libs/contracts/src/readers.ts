import type { Writer } from './define.js';

/** A service that reads events. */
export type Reader = Exclude<Writer, 'anyone'>;

/**
 * Which services react to which event, for the reference and the AsyncAPI document. The reactions themselves decide;
 * this list only repeats them, because the contracts import no service.
 */
export const readers: Readonly<Record<string, readonly Reader[]>> = {
  OrderSubmitted: ['orders'],
  OrderCancellationSubmitted: ['orders'],

  OrderPlaced: ['coordinator', 'inventory', 'shipping', 'notification'],
  OrderRejected: [],
  OrderCancellationRequested: ['coordinator'],

  StockReserved: ['warehouse', 'shipping', 'coordinator'],
  StockShort: ['coordinator'],
  StockReleased: ['coordinator'],
  StockSettled: ['coordinator'],
  StockReplenished: [],
  StockCounted: [],

  PickListCreated: ['coordinator'],
  PickListShort: ['coordinator'],
  PickListPacked: ['shipping', 'coordinator'],
  PickListCancelled: ['coordinator'],

  ShipmentBooked: ['coordinator'],
  ShipmentRejected: ['coordinator'],
  ShipmentDispatched: ['inventory', 'notification', 'coordinator', 'orders'],
  ShipmentDelivered: ['notification', 'coordinator', 'orders'],
  ShipmentLost: ['coordinator'],
  ShipmentReturned: ['coordinator'],
  ShipmentCancelled: ['coordinator'],
  ShipmentCancellationRefused: ['coordinator'],

  CustomerNotified: ['coordinator'],
  NotificationFailed: ['coordinator'],

  FulfilmentStarted: [],
  FulfilmentContinued: ['warehouse', 'shipping', 'notification'],
  StockRequested: ['inventory'],
  BackorderPlaced: ['inventory'],
  ShipmentBookingRequested: ['shipping'],
  ShipmentCancellationRequested: ['shipping'],
  PickListCancellationRequested: ['warehouse'],
  StockReleaseRequested: ['inventory'],
  OrderDelayed: ['notification', 'orders'],
  CancellationRefused: ['notification', 'orders'],
  IncidentOpened: [],
  IncidentResolved: [],
  FulfilmentCompleted: ['orders'],
  FulfilmentCancelled: ['notification', 'orders'],
};
