import {
  OrderCancellationRequested,
  OrderPlaced,
  ShipmentDispatched,
  StockReleased,
  StockReserved,
  StockShort,
} from '@baton/contracts';
import { expect, it } from 'vitest';
import { Conversation } from './conversation.js';
import { defineSaga } from './define.js';
import { statusOf } from './explain.js';
import { smallPlan } from './plan.fixture.js';
import { hours } from './time.js';

const definition = defineSaga(smallPlan);
const lines = [{ lineId: 'a', sku: 'chair', quantity: 2 }];
const address = { city: 'Paris', postalCode: '75001', country: 'France' };
const order = {
  orderId: 'o',
  customer: { name: 'Ada', email: 'ada@example.test', address },
  serviceLevel: 'standard' as const,
  onShortage: 'cancel' as const,
  lines,
  placedAt: '2026-11-24T09:00:00.000Z',
};
const begun = () => new Conversation(definition).hears(OrderPlaced, order);
const reserved = { orderId: 'o', shipment: 1, location: 'West', lines, backordered: false };
const parcel = {
  orderId: 'o',
  shipment: 1,
  attempt: 1,
  carrier: 'swift',
  trackingNumber: 't',
  dispatchedAt: order.placedAt,
};

// The engine knows no order and no warehouse: another definition is another saga.
it('runs another definition, which keeps its name and version', () => {
  const saga = begun().hears(StockReserved, reserved).hears(ShipmentDispatched, parcel);
  expect(saga.said()).toEqual(['FulfilmentStarted', 'FulfilmentCompleted']);
  expect(saga.saga).toMatchObject({ definition: 'small', version: 3 });
});

it('cancels without undoing when a failure left nothing to undo', () => {
  const shortLine = { lineId: 'a', sku: 'chair', requested: 2, known: true, available: [] };
  const saga = begun().hears(StockShort, { orderId: 'o', shipment: 1, lines: [shortLine] });
  expect(saga.said()).toEqual(['FulfilmentStarted', 'FulfilmentCancelled']);
  expect(saga.saga && statusOf(definition, saga.saga)).toBe('cancelled');
});

it('undoes in its own order', () => {
  const saga = begun().hears(StockReserved, reserved).hears(OrderCancellationRequested, { orderId: 'o', wish: 1 });
  expect(saga.said()).toEqual(['FulfilmentStarted', 'StockReleaseRequested']);
  saga.hears(StockReleased, { orderId: 'o', shipment: 1, lines, missing: [] });
  expect(saga.said()).toEqual(['FulfilmentCancelled']);
});

it('keeps a state that is plain JSON, and a clock for each thing that it waits for', () => {
  const saga = begun().hears(StockReserved, reserved);
  expect(JSON.parse(JSON.stringify(saga.saga))).toEqual(saga.saga);
  expect(Object.keys(saga.saga?.waits ?? {})).toEqual(['1/dispatch']);
  saga.waits(hours(1));
  expect(saga.saga?.waits).toEqual({
    '1/dispatch': { since: '2026-11-24T09:00:00.000Z', n: 1, due: '2026-11-24T11:00:00.000Z' },
  });
});

it('gives birth to a saga for any event with a role, and for none without', () => {
  expect(new Conversation(definition).hears(StockReserved, reserved).saga).toBeDefined();
  const stranger = { name: 'PickListPacked', id: 'x', key: 'o', data: { orderId: 'o', shipment: 1 } };
  expect(new Conversation(definition).hearsDraft(stranger).saga).toBeUndefined();
});
