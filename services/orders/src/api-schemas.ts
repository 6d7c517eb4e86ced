import { identifier, OrderCancellationSubmitted, timestamp } from '@baton/contracts';
import { pageLimit, pagePlace } from '@baton/service-kit';
import { z } from 'zod';
import { acceptedStatuses } from './store/order-queries.js';

export const cancelBody = OrderCancellationSubmitted.schema.pick({ reason: true });

export const listQuery = z.object({
  status: z.enum(acceptedStatuses).optional(),
  after: pagePlace(z.tuple([timestamp, identifier])).optional(),
  limit: pageLimit,
});
