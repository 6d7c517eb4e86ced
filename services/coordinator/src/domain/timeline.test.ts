import { expect, it } from 'vitest';
import { heardEvents } from '../definitions/index.js';
import { entryOf } from './timeline.js';

const at = '2026-11-24T09:00:00.000Z';

it('tells a fact in a plain sentence', () => {
  expect(entryOf({ at, fact: 'OrderPlaced' }).text).toBe('The order was placed.');
  expect(entryOf({ at, fact: 'ShipmentRejected', unit: 2, attempt: 1, note: 'too heavy' })).toEqual({
    at,
    fact: 'ShipmentRejected',
    shipment: 2,
    attempt: 1,
    note: 'too heavy',
    text: 'Shipment 2: a carrier refused it (too heavy).',
  });
});

it('has words for every event that is heard', () => {
  for (const { eventName } of heardEvents) expect(entryOf({ at, fact: eventName }).text).not.toContain(eventName);
});
