import { identifier, text, timestamp } from '@baton/contracts';
import { sagaStatuses } from '@baton/saga';
import { pageLimit, pagePlace } from '@baton/service-kit';
import { ApiQuery } from '@nestjs/swagger';
import { z } from 'zod';
import { sagaNames } from './definitions/index.js';

const [FIRST = ''] = sagaNames;

/** Which kind of saga; the first when it is not said. */
export const sagaName = z.enum(sagaNames).default(FIRST);

/** Documents the parameter of this name. */
export const OfDefinition = () =>
  ApiQuery({ name: 'definition', required: false, description: `Kind of saga; \`${FIRST}\` when absent` });

/** When, and the id of a saga or of an incident, which is longer. */
const after = pagePlace(z.tuple([timestamp, z.string().regex(/^[A-Za-z0-9._~:-]{1,200}$/)])).optional();

export const sagasQuery = z.strictObject({
  definition: sagaName,
  status: z.enum(sagaStatuses).optional(),
  after,
  limit: pageLimit,
});

export const sagaQuery = z.strictObject({ definition: sagaName });

export const incidentsQuery = z.strictObject({ owner: identifier.optional(), after, limit: pageLimit });

/** What an operator goes on without, and why. */
export const skipRequest = z.strictObject({
  /** 0 is the order as a whole. */
  shipment: z.int().min(0),
  step: identifier,
  note: text(500),
});
