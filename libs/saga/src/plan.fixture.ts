import type { SagaPlan } from './definition.js';
import { hours, minutes } from './time.js';

/** The smallest plan with everything in it: two steps of which the second is the pivot, and no joins. */
export const smallPlan: SagaPlan = {
  name: 'small',
  version: 3,
  doc: 'Reserve and hand over.',
  identity: { saga: 'orderId', unit: 'shipment' },
  begins: {
    with: 'OrderPlaced',
    within: 'short',
    owner: 'operations',
    keeps: ['lines'],
    birth: 'placed',
    says: 'FulfilmentStarted',
  },
  births: { placed: { within: 'short', late: ['incident'] } },
  steps: [
    {
      name: 'reserve',
      participant: 'inventory',
      waitsFor: 'stock',
      done: 'StockReserved',
      cannot: [{ event: 'StockShort', as: 'short', ends: true }],
      undo: { asks: 'StockReleaseRequested', done: 'StockReleased', within: 'short', waitsFor: 'a release' },
      owner: 'inventory',
    },
    {
      name: 'dispatch',
      after: ['reserve'],
      pivot: true,
      participant: 'shipping',
      waitsFor: 'a carrier',
      done: 'ShipmentDispatched',
      within: 'long',
      late: ['delay', 'incident'],
      owner: 'shipping',
    },
  ],
  undo: ['reserve'],
  alternatives: [
    { name: 'customer-cancelled', when: { wished: true }, undo: true, leadsTo: { cancel: 'Not wanted any more.' } },
    { name: 'stock-short', when: { step: 'reserve', failure: 'short' }, leadsTo: { cancel: 'Not enough.' } },
  ],
  wish: {
    event: 'OrderCancellationRequested',
    number: 'wish',
    refused: 'CancellationRefused',
    names: ['carrier', 'trackingNumber'],
  },
  tells: {
    participant: 'notification',
    on: { FulfilmentCancelled: 'order-cancelled' },
    done: 'CustomerNotified',
    cannot: 'NotificationFailed',
    within: 'long',
    owner: 'customer-care',
  },
  remembers: { fields: ['carrier', 'trackingNumber'], growing: ['missing'] },
  says: {
    delayed: 'OrderDelayed',
    opened: 'IncidentOpened',
    resolved: 'IncidentResolved',
    completed: 'FulfilmentCompleted',
    cancelled: 'FulfilmentCancelled',
    outcomes: {},
  },
  patience: { asks: 2, longestPause: 'long', incident: 'long' },
  policy: { short: minutes(5), long: hours(1) },
};
