import { z } from 'zod';
import { startStaff } from './staff.js';

/** Settings of the simulated staff as a program; each is an environment variable. */
const settings = z.object({
  WAREHOUSE_URL: z.url(),
  STAFF_WORKERS: z.coerce.number().pipe(z.int().min(1).max(1_000)).default(16),
  STAFF_SECONDS_PER_LIST: z.coerce.number().pipe(z.number().min(0)).default(0),
  STAFF_SHORT_RATE: z.coerce.number().pipe(z.number().min(0).max(1)).default(0),
  STAFF_SEED: z.string().default('1'),
  STAFF_LOCATION: z.string().optional(),
  STAFF_NAME: z.string().default('staff'),
});

const parsed = settings.safeParse(process.env);
if (!parsed.success) {
  console.error(`The simulated staff cannot start:\n${z.prettifyError(parsed.error)}`);
  process.exit(2);
}
const { data } = parsed;
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
// Started by another process: ends with it, however that ended.
if (process.channel) {
  process.once('disconnect', () => stop.abort());
  process.channel.unref();
}

const staff = startStaff({
  warehouseUrl: data.WAREHOUSE_URL,
  workers: data.STAFF_WORKERS,
  secondsPerList: data.STAFF_SECONDS_PER_LIST,
  shortRate: data.STAFF_SHORT_RATE,
  seed: data.STAFF_SEED,
  ...(data.STAFF_LOCATION !== undefined && { location: data.STAFF_LOCATION }),
  name: data.STAFF_NAME,
  signal: stop.signal,
});
console.error(`${data.STAFF_WORKERS} simulated people work the pick lists of ${data.WAREHOUSE_URL}.`);
await staff.finished;
const { packed, short, putAway } = staff.counts();
console.error(`The simulated staff stopped: ${packed} lists packed, ${short} short, ${putAway} put away.`);
