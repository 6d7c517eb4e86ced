import { expect, test } from 'vitest';
import {
  definitionOf,
  definitionOfType,
  eventDefinitions,
  OrderPlaced,
  StockReplenished,
  StockRequested,
} from './index.js';
import { examples } from './examples.js';

const shipment = { orderId: 'o-1', shipment: 2, replaces: 1, lines: [{ lineId: '1', sku: 'S', quantity: 1 }] };

test('a definition makes drafts with the key and an id derived from what the event says', () => {
  const draft = StockRequested(shipment);
  expect(draft).toEqual({ name: 'StockRequested', id: 'o-1/2/StockRequested/1', key: 'o-1', data: shipment });
  expect(StockRequested(shipment).id).toBe(draft.id);
  expect(StockRequested({ ...shipment, shipment: 3 }).id).not.toBe(draft.id);
  expect(StockRequested(shipment, 'again').id).toBe('o-1/2/StockRequested/1/again');
});

test('events of stock are keyed by SKU', () => {
  const draft = StockReplenished({ sku: 'S', location: 'L', quantity: 1, onHand: 1, reserved: 0 }, 'delivery-7');
  expect(draft.key).toBe('S');
  expect(draft.id).toBe('S/L/StockReplenished/delivery-7');
});

test('the CloudEvents type names writer, event and version', () => {
  expect(OrderPlaced.type).toBe('baton.orders.OrderPlaced.v1');
  expect(definitionOfType('baton.orders.OrderPlaced.v1')).toBe(OrderPlaced);
  expect(definitionOfType('baton.orders.OrderPlaced.v9')).toBeUndefined();
  expect(definitionOf('OrderPlaced')).toBe(OrderPlaced);
  expect(() => definitionOf('OrderPlacedd')).toThrow(/No contract declares an event named OrderPlacedd/);
});

test('no two events share a type or, in one version, a name', () => {
  expect(new Set(eventDefinitions.map(({ type }) => type)).size).toBe(eventDefinitions.length);
  expect(new Set(eventDefinitions.map(({ eventName, version }) => `${eventName}${version}`)).size).toBe(
    eventDefinitions.length,
  );
});

test.for(eventDefinitions.map((event) => [event.type, event] as const))(
  '%s has a key and a derived id',
  ([type, event]) => {
    const draft = event(examples[type]);
    expect(draft.key).not.toBe('');
    expect(draft.id).toContain(`/${event.eventName}`);
    expect(draft.id.startsWith(draft.key)).toBe(true);
  },
);
