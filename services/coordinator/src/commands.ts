import { identifier, text } from '@baton/contracts';
import { defineCommand } from '@baton/messaging';
import { z } from 'zod';

/** Names of definitions, and orders, are identifiers. */
const saga = { definition: identifier, orderId: identifier };

export const DeadlineDue = defineCommand({
  name: 'DeadlineDue',
  doc: 'Something that a saga waits for may be late; the saga, locked, knows what, and whether it still is.',
  data: z.object(saga),
  key: ({ orderId }) => orderId,
});

export const StillUnderWay = defineCommand({
  name: 'StillUnderWay',
  doc: 'Nothing was said of the saga for long; if it has not ended, that is said, so that others keep what they have of it.',
  data: z.object(saga),
  key: ({ orderId }) => orderId,
});

export const SkipStep = defineCommand({
  name: 'SkipStep',
  doc: 'An operator goes on without waiting for a step whose answer no participant needs.',
  data: z.object({
    ...saga,
    /** 0 is the order as a whole. */
    shipment: z.int().min(0),
    step: identifier,
    note: text(500),
  }),
  key: ({ orderId }) => orderId,
});
