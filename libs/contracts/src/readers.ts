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

  StockReserved: ['warehouse', 'shipping', 'coordinator', 'orders'],
  StockShort: ['coordinator', 'orders'],
  StockReleased: ['coordinator', 'orders'],
  StockSettled: ['coordinator'],
  StockReplenished: [],
  StockCounted: [],

  PickListCreated: ['coordinator', 'orders'],
  PickListShort: ['coordinator', 'orders'],
  PickListPacked: ['shipping', 'coordinator', 'orders'],
  PickListCancelled: ['coordinator', 'orders'],

  ShipmentBooked: ['coordinator', 'orders'],
  ShipmentRejected: ['coordinator', 'orders'],
  ShipmentDispatched: ['inventory', 'notification', 'coordinator', 'orders'],
  ShipmentDelivered: ['notification', 'coordinator', 'orders'],
  ShipmentLost: ['coordinator', 'orders'],
  ShipmentReturned: ['coordinator', 'orders'],
  ShipmentCancelled: ['coordinator', 'orders'],
  ShipmentCancellationRefused: ['coordinator', 'orders'],

  CustomerNotified: ['coordinator'],
  NotificationFailed: ['coordinator'],

  FulfilmentStarted: [],
  StockRequested: ['inventory'],
  BackorderPlaced: ['inventory', 'orders'],
  ShipmentBookingRequested: ['shipping'],
  ShipmentCancellationRequested: ['shipping'],
  PickListCancellationRequested: ['warehouse'],
  StockReleaseRequested: ['inventory'],
  OrderDelayed: ['notification', 'orders'],
  CancellationRefused: ['notification', 'orders'],
  IncidentOpened: ['orders'],
  IncidentResolved: ['orders'],
  FulfilmentCompleted: ['orders'],
  FulfilmentCancelled: ['notification', 'orders'],
};
