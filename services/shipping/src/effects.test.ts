import { expect, it } from 'vitest';
import type { BookingRequest, CarrierPort } from './carrier/port.js';
import { bookedAs, identity } from './domain/testing.js';
import { CarrierCalls } from './effects.js';

const recipient = (city: string) => ({
  name: 'Ada Secret',
  street: null,
  city,
  region: null,
  postalCode: '01234',
  country: 'France',
});

it('a booking goes to the recipient at hand without reading an address, and else to the one that is read', async () => {
  const booked: BookingRequest[] = [];
  const carriers: CarrierPort = {
    book: (request) => {
      booked.push(request);
      return Promise.resolve(bookedAs('1'));
    },
    cancel: () => Promise.reject(new Error('not here')),
    handOver: () => Promise.reject(new Error('not here')),
  };
  const read: string[] = [];
  const calls = new CarrierCalls(carriers, {
    recipientOf: (orderId) => {
      read.push(orderId);
      return Promise.resolve(recipient('Read'));
    },
  });
  const payload = { kind: 'book', ...identity, attempt: 1, carrier: 'swift', serviceLevel: 'standard' } as const;
  const call = { payload, key: 'k', attempt: 1, signal: new AbortController().signal };
  await calls.book({ ...call, atHand: recipient('At hand') });
  expect(read).toEqual([]);
  await calls.book(call);
  expect(read).toEqual(['A-1']);
  expect(booked.map(({ recipient: { city } }) => city)).toEqual(['At hand', 'Read']);
});
