import { z } from 'zod';
import { everyday } from './behaviour.js';

/** Longest pause that a timer keeps, milliseconds (24.8 days); a longer one would be over at once. */
const LONGEST_PAUSE_MS = 2 ** 31 - 1;
const SECOND_MS = 1_000;

const rate = z.coerce.number<string>().pipe(z.number().min(0).max(1));

/** Settings of the carrier simulator as a program; each is an environment variable. */
export const carrierSimulatorSettings = z.object({
  CARRIER_PORT: z.coerce
    .number<string>()
    .pipe(z.int().min(0).max(65_535))
    .default(3_090)
    .describe('Port of the HTTP API; 0 takes a free one.'),
  CARRIER_HOST: z.string().default('127.0.0.1').describe('Address that it binds to.'),
  CARRIER_WEBHOOK_URL: z.url().describe("Where tracking is reported to: shipping's `/webhooks/carrier`."),
  SHIPPING_WEBHOOK_SECRET: z.string().min(16).describe('Signs the webhooks; the same as for shipping.'),
  SHIPPING_CARRIERS: z.string().default('swift,parcelway').describe('Names of the carriers, comma-separated.'),
  CARRIER_SEED: z.string().default('1').describe('The same seed and the same calls have the same outcomes.'),
  CARRIER_JOURNAL: z
    .string()
    .optional()
    .describe('File that keeps what was booked through a restart. Absent: in memory alone.'),
  CARRIER_DELIVERY_SECONDS: z.coerce
    .number<string>()
    .pipe(
      z
        .number()
        .min(0)
        .max(Math.floor(LONGEST_PAUSE_MS / SECOND_MS)),
    )
    .default(everyday.deliverySeconds)
    .describe('From the handover of a parcel to its delivery.'),
  CARRIER_REJECT_RATE: rate.default(everyday.rejectRate).describe('Share of bookings that are rejected.'),
  CARRIER_FAIL_RATE: rate.default(everyday.failRate).describe('Share of calls that end in an error of the server.'),
  CARRIER_LOSE_ANSWER_RATE: rate
    .default(everyday.loseAnswerRate)
    .describe('Share of calls that are done and whose answer is lost.'),
  CARRIER_SLOW_RATE: rate.default(everyday.slowRate).describe('Share of calls that are slow.'),
  CARRIER_SLOW_MS: z.coerce
    .number<string>()
    .pipe(z.int().min(0).max(LONGEST_PAUSE_MS))
    .default(everyday.slowMs)
    .describe('How much longer a slow call takes.'),
  CARRIER_REFUSE_RATE: rate
    .default(everyday.refuseRate)
    .describe('Share of calls to hand over or cancel that are refused for the moment.'),
  CARRIER_LOST_RATE: rate.default(everyday.lostRate).describe('Share of parcels that get lost.'),
  CARRIER_RETURNED_RATE: rate.default(everyday.returnedRate).describe('Share of parcels that come back undelivered.'),
  CARRIER_DUPLICATE_RATE: rate.default(everyday.duplicateRate).describe('Share of webhooks that are sent twice.'),
});
