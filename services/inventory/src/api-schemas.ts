import { identifier, MAX_STOCK_QUANTITY, shipmentNumber, timestamp } from '@baton/contracts';
import { pageLimit, pagePlace } from '@baton/service-kit';
import { z } from 'zod';

export const place = z.object({ sku: identifier, location: identifier });

export const stockQuery = z.strictObject({
  /** Beginning of the SKUs to list. */
  sku: identifier.optional(),
  low: z.coerce.number().pipe(z.int().min(0).max(MAX_STOCK_QUANTITY)).optional(),
  after: identifier.optional(),
  limit: pageLimit,
});

export const reservationsQuery = z.strictObject({
  orderId: identifier,
  after: z.coerce
    .number()
    .pipe(z.union([z.literal(0), shipmentNumber]))
    .default(0),
  limit: pageLimit,
});

export const backordersQuery = z.strictObject({
  sku: identifier.optional(),
  after: pagePlace(z.tuple([timestamp, identifier, z.coerce.number<string>().pipe(shipmentNumber)])).optional(),
  limit: pageLimit,
});
