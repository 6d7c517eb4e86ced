import { z } from 'zod';

/** Settings of the simulated staff as a program; each is an environment variable. */
export const staffSettings = z.object({
  WAREHOUSE_URL: z.url().describe('Where the warehouse answers HTTP.'),
  STAFF_WORKERS: z.coerce
    .number()
    .pipe(z.int().min(1).max(1_000))
    .default(16)
    .describe('How many people work at the same time.'),
  STAFF_SECONDS_PER_LIST: z.coerce
    .number()
    .pipe(z.number().min(0))
    .default(0)
    .describe('How long one person takes for one pick list.'),
  STAFF_SHORT_RATE: z.coerce
    .number()
    .pipe(z.number().min(0).max(1))
    .default(0)
    .describe('Share of pick lists that are reported short.'),
  STAFF_SEED: z.string().default('1').describe('The same seed reports the same lists short.'),
  STAFF_LOCATION: z.string().optional().describe('They work at this location alone. Absent: at all of them.'),
  STAFF_NAME: z.string().default('staff').describe("What the workers' names begin with."),
});
