import { expect, test } from 'vitest';
import { z } from 'zod';
import { pageOf, pagePlace } from './paging.js';

const rows = [1, 2, 3].map((shipment) => ({ orderId: 'o', shipment }));
const placeOf = ({ orderId, shipment }: (typeof rows)[number]) => [orderId, shipment];
const place = pagePlace(z.tuple([z.string(), z.coerce.number().pipe(z.int())]));

test('a page leaves out the row that shows that there are more, and goes on behind its own last one', () => {
  const { page, next } = pageOf(rows, 2, placeOf);
  expect(page).toEqual(rows.slice(0, 2));
  expect(place.parse(next)).toEqual(['o', 2]);
});

test('the last page is not followed by another, though it be full', () => {
  expect(pageOf(rows, 3, placeOf)).toEqual({ page: rows, next: null });
  expect(pageOf([], 3, placeOf)).toEqual({ page: [], next: null });
});

test.each(['', 'o', 'o/x', 'o/1/2'])('%j is no place', (text) => {
  expect(place.safeParse(text).error?.issues).toMatchObject([{ message: 'must be the `next` of the page before' }]);
});
