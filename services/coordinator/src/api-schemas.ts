import { identifier, text, timestamp } from '@baton/contracts';
import { sagaStatuses } from '@baton/saga';
import { z } from 'zod';
import { sagaNames } from './definitions/index.js';
import type { Place } from './store/reads.js';

export const MAX_PAGE = 200;
const limit = z.coerce.number().pipe(z.int().min(1).max(MAX_PAGE)).default(50);

/** Which kind of saga; the first when it is not said. */
const definition = z.enum(sagaNames as [string, ...string[]]).default(sagaNames[0] ?? '');

/** Ids of sagas, and of their incidents, which are longer. */
const place = z.tuple([timestamp, z.string().regex(/^[A-Za-z0-9._~:-]{1,200}$/)]);
const after = z.string().transform((text, context): Place => {
  const parsed = place.safeParse(text.split('/'));
  if (parsed.success) return { at: parsed.data[0], id: parsed.data[1] };
  context.addIssue({ code: 'custom', message: 'must be the `next` of the page before' });
  return z.NEVER;
});

/** The `next` of a page that ends here. */
export const placeText = ({ at, id }: Place): string => `${at}/${id}`;

export const sagasQuery = z.strictObject({
  definition,
  status: z.enum(sagaStatuses).optional(),
  after: after.optional(),
  limit,
});

export const sagaQuery = z.strictObject({ definition });

export const incidentsQuery = z.strictObject({
  owner: identifier.optional(),
  after: after.optional(),
  limit,
});

/** What an operator goes on without, and why. */
export const skipRequest = z.strictObject({
  /** 0 is the order as a whole. */
  shipment: z.int().min(0),
  step: identifier,
  note: text(500),
});

/** As OpenAPI 3.1 takes it. */
const openApi = (schema: z.ZodType): Record<string, unknown> => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
};

export const bodySchemas = { skip: openApi(skipRequest) };
