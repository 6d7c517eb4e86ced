import { moment, named } from '@baton/service-kit';
import { z } from 'zod';
import type { KpiAnswer } from './api.js';
import { spans } from './rollup-store.js';
import { type CauseKind, causeKinds } from './saga-tally.js';

const count = z.int();
const share = z.number().describe('From 0 to 1.');
const seconds = z.number().nullable();
const percentiles = named(
  'Percentiles',
  z.object({ count, p50: seconds, p90: seconds, p95: seconds, p99: seconds }),
).describe('Seconds, exact to 5 %; null where nothing was counted.');

const throughput = z.object({
  placed: count,
  completed: count,
  cancelled: count,
  placedPerHour: z.number().nullable(),
  completedPerHour: z.number().nullable(),
});
const cycleTime = z.object({ overall: percentiles, untilDispatch: percentiles });
const errors = z.object({
  ended: count,
  troubled: count.describe('Of these, orders with any cause.'),
  rate: share.nullable(),
});
const people = z.object({
  listsPacked: count,
  listsPerHour: z.number().nullable(),
  busyShare: share.nullable(),
});
const stock = z.object({ backorders: count, backorderShare: share.nullable() });
const returnOnInvestment = z.object({
  saved: z.number(),
  errorCost: z.number(),
  runningCost: z.number(),
  roi: z.number().nullable(),
});

const total = z.object({
  throughput,
  cycleTime: cycleTime.extend({ steps: z.record(z.string(), percentiles) }),
  errors: errors.extend({
    causes: z.array(
      z.object({
        kind: z.enum(Object.keys(causeKinds) as [CauseKind, ...CauseKind[]]),
        cause: z.string(),
        orders: count,
        share,
      }),
    ),
  }),
  utilisation: z.object({
    people,
    stock: stock.extend({ wait: percentiles }),
    carriers: z.array(z.object({ carrier: z.string(), dispatches: count, share })),
  }),
  returnOnInvestment,
});
const ofPeriod = z.object({
  throughput,
  cycleTime,
  errors,
  utilisation: z.object({ people, stock }),
  returnOnInvestment,
});

export const kpiAnswer = z.object({
  definition: z.string(),
  by: z.enum(spans),
  from: moment,
  to: moment,
  countedUntil: moment.nullable().describe('What happened until then is in the figures; null: nothing yet.'),
  inputs: z.object({
    minutesSavedPerOrder: z.number(),
    wagePerHour: z.number(),
    costOfError: z.number(),
    runningCostPerHour: z.number(),
    people: z.number(),
    minutesPerPickList: z.number(),
  }),
  total,
  periods: z
    .array(z.object({ from: moment, to: moment, kpis: ofPeriod }))
    .describe('Hours or days (UTC) in which anything happened.'),
}) satisfies z.ZodType<KpiAnswer>;
