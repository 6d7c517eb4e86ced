import { identifier, MAX_STOCK_QUANTITY, shipmentNumber, timestamp } from '@baton/contracts';
import { z } from 'zod';
import { catalogue, replenishment, shelfCount } from './commands.js';
import type { QueuePlace } from './store/reads.js';

export const MAX_PAGE = 200;
const limit = z.coerce.number().pipe(z.int().min(1).max(MAX_PAGE)).default(50);

/** An Idempotency-Key as it may stand in a header: visible ASCII, so that it means the same everywhere. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'Idempotency-Key must be 1 to 255 visible ASCII characters')
  .optional();

export const place = z.object({ sku: identifier, location: identifier });

export const stockQuery = z.strictObject({
  /** Beginning of the SKUs to list. */
  sku: identifier.optional(),
  low: z.coerce.number().pipe(z.int().min(0).max(MAX_STOCK_QUANTITY)).optional(),
  after: identifier.optional(),
  limit,
});

export const reservationsQuery = z.strictObject({
  orderId: identifier,
  after: z.coerce
    .number()
    .pipe(z.union([z.literal(0), shipmentNumber]))
    .default(0),
  limit,
});

const queuePlace = z.tuple([timestamp, identifier, z.coerce.number<string>().pipe(shipmentNumber)]);
const cursor = z.string().transform((text, context): QueuePlace => {
  const parsed = queuePlace.safeParse(text.split('/'));
  if (parsed.success) {
    const [placedAt, orderId, shipment] = parsed.data;
    return { placedAt, orderId, shipment };
  }
  context.addIssue({ code: 'custom', message: 'must be the `next` of the page before' });
  return z.NEVER;
});

/** What `next` of a page of backorders says. No part of it can hold a slash. */
export const cursorText = ({ placedAt, orderId, shipment }: QueuePlace): string => `${placedAt}/${orderId}/${shipment}`;

export const backordersQuery = z.strictObject({ sku: identifier.optional(), after: cursor.optional(), limit });

/** A schema as OpenAPI 3.1 takes it. */
const openApi = (schema: z.ZodType): Record<string, unknown> => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
};

export const bodySchemas = {
  replenishment: openApi(replenishment),
  shelfCount: openApi(shelfCount),
  catalogue: openApi(catalogue),
};
