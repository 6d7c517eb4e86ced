import { days, hours, minutes, type SagaPlan } from '@baton/saga';

/**
 * The story of an order. Participants react to each other; this says what the coordinator watches for, by when, and
 * what it does when something fails, is late or is not wanted any more.
 */
export const orderFulfilmentV1: SagaPlan = {
  name: 'order-fulfilment',
  version: 1,
  doc: 'An order becomes parcels at its customer’s door, or is undone as if it had never been.',
  identity: { saga: 'orderId', unit: 'shipment' },

  begins: {
    with: 'OrderPlaced',
    within: 'placing',
    owner: 'operations',
    keeps: ['region', 'serviceLevel', 'onShortage', 'lines'],
    birth: 'placed',
    says: 'FulfilmentStarted',
  },

  births: {
    placed: { within: 'reserving', late: ['incident'] },
    requested: { asks: 'StockRequested', within: 'reserving', late: ['ask-again', 'incident'] },
    backorder: { asks: 'BackorderPlaced', remind: 'reminding', within: 'backorder', late: [{ fails: 'expired' }] },
  },
  adopts: 'requested',

  steps: [
    {
      name: 'reserve',
      participant: 'inventory',
      waitsFor: 'inventory to reserve its stock',
      done: 'StockReserved',
      cannot: [
        {
          event: 'StockShort',
          where: { field: 'lines.known', is: false },
          as: 'unknown-sku',
          about: 'sku',
          ends: true,
        },
        { event: 'StockShort', as: 'short', ends: true },
      ],
      undo: {
        asks: 'StockReleaseRequested',
        done: 'StockReleased',
        within: 'answering',
        waitsFor: 'inventory to release its stock',
      },
      owner: 'inventory',
    },
    {
      name: 'pick',
      after: ['reserve'],
      participant: 'warehouse',
      waitsFor: 'the warehouse to pick and pack it',
      begun: 'PickListCreated',
      done: 'PickListPacked',
      cannot: [{ event: 'PickListShort', as: 'short' }],
      within: 'picking',
      late: ['delay', 'incident'],
      undo: {
        asks: 'PickListCancellationRequested',
        done: 'PickListCancelled',
        within: 'puttingAway',
        waitsFor: 'the warehouse to stop and to put away what left its shelf',
      },
      owner: 'warehouse',
    },
    {
      name: 'book',
      after: ['reserve'],
      participant: 'shipping',
      waitsFor: 'a carrier to accept it',
      done: 'ShipmentBooked',
      cannot: [
        { event: 'ShipmentRejected', where: { empty: 'carriersLeft' }, as: 'no-carrier-left' },
        { event: 'ShipmentRejected', as: 'carrier-refused' },
      ],
      asks: 'ShipmentBookingRequested',
      within: 'booking',
      late: ['ask-again', 'incident'],
      undo: {
        asks: 'ShipmentCancellationRequested',
        done: 'ShipmentCancelled',
        refused: 'ShipmentCancellationRefused',
        within: 'answering',
        waitsFor: 'shipping to say whether it can still be stopped',
      },
      owner: 'shipping',
    },
    {
      name: 'dispatch',
      after: ['pick', 'book'],
      pivot: true,
      participant: 'shipping',
      waitsFor: 'its carrier to take it',
      done: 'ShipmentDispatched',
      within: 'dispatching',
      late: ['delay', 'incident'],
      owner: 'shipping',
    },
    {
      name: 'settle',
      after: ['dispatch'],
      participant: 'inventory',
      waitsFor: 'inventory to take its stock off the books',
      done: 'StockSettled',
      within: 'settling',
      late: ['incident'],
      owner: 'inventory',
    },
    {
      name: 'deliver',
      after: ['dispatch'],
      participant: 'shipping',
      waitsFor: 'its carrier to deliver it',
      done: 'ShipmentDelivered',
      cannot: [
        { event: 'ShipmentLost', as: 'lost' },
        { event: 'ShipmentReturned', as: 'returned' },
      ],
      within: {
        by: 'serviceLevel',
        is: { 'same-day': 'sameDay', 'first-class': 'firstClass', 'second-class': 'secondClass', standard: 'standard' },
      },
      late: ['delay', 'incident'],
      skippable: true,
      owner: 'customer-care',
    },
  ],

  // Shipping first, for it alone decides whether the shipment still can be stopped; then the warehouse, which learns
  // what is missing; then inventory, which writes that off and frees the rest.
  undo: ['book', 'pick', 'reserve'],

  alternatives: [
    {
      name: 'customer-cancelled',
      when: { wished: true },
      undo: true,
      leadsTo: { cancel: 'The customer cancelled the order.' },
    },
    {
      name: 'no-carrier-left',
      when: { step: 'book', failure: 'no-carrier-left' },
      undo: true,
      leadsTo: { cancel: 'No carrier would take the shipment.' },
    },
    {
      name: 'backorder-expired',
      when: { step: 'reserve', failure: 'expired' },
      undo: true,
      leadsTo: { cancel: 'The stock that the order waited for did not come in time.' },
    },
    {
      name: 'pick-list-short',
      when: { step: 'pick', failure: 'short' },
      undo: true,
      leadsTo: { open: 'requested' },
    },
    {
      name: 'unknown-sku',
      when: { step: 'reserve', failure: 'unknown-sku' },
      leadsTo: { cancel: 'The order names an article that no location has ever held.' },
    },
    {
      name: 'stock-short',
      when: { step: 'reserve', failure: 'short', order: { onShortage: 'cancel' } },
      leadsTo: { cancel: 'There is not enough stock, and the customer would rather not wait.' },
    },
    {
      name: 'backorder',
      when: { step: 'reserve', failure: 'short' },
      leadsTo: { open: 'backorder', delay: 'stock-short' },
    },
    {
      name: 'another-carrier',
      when: { step: 'book', failure: 'carrier-refused' },
      leadsTo: { nextAttempt: 'book', choose: 'carrier', from: 'carriersLeft' },
    },
    {
      name: 'lost',
      when: { step: 'deliver', failure: 'lost' },
      leadsTo: { incident: 'The carrier lost the parcels.' },
    },
    {
      name: 'returned',
      when: { step: 'deliver', failure: 'returned' },
      leadsTo: { incident: 'The parcels came back undelivered.' },
    },
  ],

  wish: {
    event: 'OrderCancellationRequested',
    number: 'wish',
    refused: 'CancellationRefused',
    names: ['carrier', 'trackingNumber'],
  },

  tells: {
    participant: 'notification',
    on: {
      OrderPlaced: 'order-placed',
      OrderDelayed: 'order-delayed',
      ShipmentDispatched: 'shipment-dispatched',
      ShipmentDelivered: 'shipment-delivered',
      CancellationRefused: 'cancellation-refused',
      FulfilmentCancelled: 'order-cancelled',
    },
    done: 'CustomerNotified',
    cannot: 'NotificationFailed',
    within: 'telling',
    owner: 'customer-care',
  },

  remembers: { fields: ['carrier', 'trackingNumber', 'carriersLeft'], growing: ['missing'] },

  says: {
    continued: 'FulfilmentContinued',
    delayed: 'OrderDelayed',
    opened: 'IncidentOpened',
    resolved: 'IncidentResolved',
    completed: 'FulfilmentCompleted',
    cancelled: 'FulfilmentCancelled',
    outcomes: { lost: 'lost', returned: 'returned' },
  },

  patience: { asks: 3, longestPause: 'longestPause', incident: 'incident' },

  policy: {
    placing: minutes(15),
    reserving: minutes(5),
    backorder: days(14),
    reminding: days(1),
    picking: hours(24),
    booking: minutes(15),
    dispatching: hours(24),
    settling: minutes(5),
    sameDay: hours(24),
    firstClass: days(3),
    secondClass: days(5),
    standard: days(8),
    telling: hours(1),
    answering: minutes(15),
    puttingAway: hours(24),
    longestPause: hours(6),
    incident: hours(24),
  },
};
