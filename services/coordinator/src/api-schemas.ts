import { identifier, text, timestamp } from '@baton/contracts';
import { pageLimit, pagePlace } from '@baton/service-kit';
import { z } from 'zod';
import { sagaNames } from './definitions/index.js';

/** Which kind of saga; the first when it is not said. */
const definition = z.enum(sagaNames as [string, ...string[]]).default(sagaNames[0] ?? '');

/** When, and the id of a saga or of an incident, which is longer. */
const after = pagePlace(z.tuple([timestamp, z.string().regex(/^[A-Za-z0-9._~:-]{1,200}$/)])).optional();

export const sagasQuery = z.strictObject({
  definition,
  status: z.enum(['running', 'waiting', 'completed', 'cancelled']).optional(),
  after,
  limit: pageLimit,
});

export const sagaQuery = z.strictObject({ definition });

export const incidentsQuery = z.strictObject({ owner: identifier.optional(), after, limit: pageLimit });

/** What an operator goes on without, and why. */
export const skipRequest = z.strictObject({
  /** 0 is the order as a whole. */
  shipment: z.int().min(0),
  step: identifier,
  note: text(500),
});
