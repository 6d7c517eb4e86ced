import { z } from 'zod';
import { staffSettings } from './settings.js';
import { startStaff } from './staff.js';

const parsed = staffSettings.safeParse(process.env);
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
