import { identifier, OrderCancellationSubmitted, OrderSubmitted, timestamp } from '@baton/contracts';
import { z } from 'zod';
import { acceptedStatuses, type Cursor } from './store/order-queries.js';

/** An Idempotency-Key as it may stand in a header: visible ASCII, so that it means the same everywhere. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'Idempotency-Key must be 1 to 255 visible ASCII characters')
  .optional();

export const cancelBody = OrderCancellationSubmitted.schema.pick({ reason: true }).nullish();

const cursor = z.string().transform((text, context): Cursor => {
  const [placedAt = '', orderId = ''] = Buffer.from(text, 'base64url').toString('utf8').split(' ');
  if (timestamp.safeParse(placedAt).success && identifier.safeParse(orderId).success) {
    return { placedAt, orderId };
  }
  context.addIssue({ code: 'custom', message: 'must be the `next` of the page before' });
  return z.NEVER;
});

/** What `next` of a page says; opaque to clients. */
export const cursorText = ({ placedAt, orderId }: Cursor): string =>
  Buffer.from(`${placedAt} ${orderId}`, 'utf8').toString('base64url');

export const listQuery = z.object({
  status: z.enum(acceptedStatuses).optional(),
  after: cursor.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** A schema as OpenAPI 3.1 takes it. */
const openApi = (schema: z.ZodType): Record<string, unknown> => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
};

export const orderBodySchema = openApi(OrderSubmitted.schema);
export const cancelBodySchema = openApi(OrderCancellationSubmitted.schema.pick({ reason: true }));
