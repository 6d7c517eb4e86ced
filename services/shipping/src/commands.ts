import { identifier, shipmentIdentity, text, timestamp } from '@baton/contracts';
import { type CommandOf, defineCommand } from '@baton/messaging';
import { z } from 'zod';
import { MAX_CODE, trackingStatuses } from './domain/shipment.js';

/** Body of a carrier's webhook. */
export const trackingBody = z.object({
  carrier: identifier,
  trackingNumber: text(100),
  status: z.enum(trackingStatuses),
  /** When it happened, by the carrier's clock. */
  at: timestamp,
  reason: text(500)
    .optional()
    .describe(
      `Why, as a short code: at most ${MAX_CODE} letters, digits, spaces and dashes, beginning with a letter. Anything ` +
        'else is taken and told to nobody, since it may name a person.',
    ),
});

export const ReportTracking = defineCommand({
  name: 'ReportTracking',
  doc: 'A carrier reported of a parcel under way.',
  data: z.object({ ...shipmentIdentity, ...trackingBody.shape }),
  key: ({ orderId }) => orderId,
});
export type ReportTracking = CommandOf<typeof ReportTracking>;
