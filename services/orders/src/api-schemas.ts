import {
  cancellationReasons,
  identifier,
  line,
  lineOutcomes,
  OrderCancellationSubmitted,
  OrderSubmitted,
  serviceLevels,
  shipmentNumber,
  shortagePreferences,
  timestamp,
} from '@baton/contracts';
import { moment, named, openApi, pageLimit, pagePlace } from '@baton/service-kit';
import { z } from 'zod';
import type { OrderDetail } from './api.js';
import type { OrderView } from './domain/view.js';
import { acceptedStatuses, type OrderSummary } from './store/order-queries.js';

export const cancelBody = OrderCancellationSubmitted.schema.pick({ reason: true }).nullish();

export const listQuery = z.strictObject({
  status: z.enum(acceptedStatuses).optional(),
  after: pagePlace(z.tuple([timestamp, identifier])).optional(),
  limit: pageLimit,
});

export const orderBodySchema = openApi(OrderSubmitted.schema);
export const cancelBodySchema = openApi(OrderCancellationSubmitted.schema.pick({ reason: true }));

const units = z.int().min(1);
const status = z.enum(acceptedStatuses);

export const orderSummary = named(
  'OrderSummary',
  z.object({
    orderId: identifier,
    status,
    statusSince: moment,
    placedAt: moment,
    lines: z.int().describe('How many lines it has.'),
    units: units.describe('Of all lines together.'),
  }),
) satisfies z.ZodType<OrderSummary>;

const ending = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('completed'),
    at: moment,
    lines: z.array(
      z.object({
        lineId: identifier,
        quantity: units,
        shipment: z.int().describe('0 for what no shipment took.'),
        outcome: z.enum(lineOutcomes),
      }),
    ),
  }),
  z.object({ kind: z.literal('cancelled'), at: moment, reason: z.enum(cancellationReasons), detail: z.string() }),
]);

const view = z.object({
  orderId: identifier,
  status,
  statusSince: moment,
  placedAt: moment.nullable(),
  customerId: z.string().exactOptional(),
  region: z.string().nullable(),
  serviceLevel: z.enum(serviceLevels).nullable(),
  onShortage: z.enum(shortagePreferences).nullable(),
  lines: z.array(line),
  shipments: z
    .array(
      z.object({
        shipment: shipmentNumber,
        carrier: z.string(),
        trackingNumber: z.string(),
        dispatchedAt: moment.nullable(),
        deliveredAt: moment.nullable(),
      }),
    )
    .describe('What went out.'),
  delay: z
    .object({
      shipment: z.int().describe('0 for the order as a whole.'),
      reason: z.enum(['stock-short', 'late']),
      at: moment,
      expectedAt: moment.exactOptional(),
    })
    .nullable(),
  cancellationWishes: z.int().describe('How often a cancellation was asked for.'),
  ending: ending.nullable(),
});
export const orderView = named('OrderView', view) satisfies z.ZodType<OrderView>;

export const orderDetail = named(
  'OrderDetail',
  view.extend({
    waitsFor: z.string().describe('What it waits for, since when, until when, and what happens then, in a sentence.'),
    timeline: z.array(
      z.object({
        at: moment,
        fact: z.string(),
        shipment: z.int().describe('0 for the order as a whole.'),
        text: z.string(),
      }),
    ),
    toldBy: z.enum(['coordinator', 'orders']).describe('Who says the two; `orders` while the coordinator is away.'),
    traceId: z.string().nullable().describe('The trace in which it was taken in; null where nothing was traced.'),
    traceUrl: z.string().nullable().describe('Where to look at that trace; null where nobody said where traces are.'),
  }),
) satisfies z.ZodType<OrderDetail>;

export const orderCounts = z.object({
  total: z.int(),
  byStatus: z.object(Object.fromEntries(acceptedStatuses.map((each) => [each, z.int()]))),
});
