import { z } from 'zod';
import { everyday } from './behaviour.js';
import { startCarrierSimulator } from './simulator.js';

const rate = z.coerce.number<string>().pipe(z.number().min(0).max(1));

/** Settings of the carrier simulator as a program; each is an environment variable. */
const settings = z.object({
  CARRIER_PORT: z.coerce.number<string>().pipe(z.int().min(0).max(65_535)).default(3_090),
  CARRIER_WEBHOOK_URL: z.url(),
  SHIPPING_WEBHOOK_SECRET: z.string().min(16),
  SHIPPING_CARRIERS: z.string().default('swift,parcelway'),
  CARRIER_SEED: z.string().default('1'),
  CARRIER_JOURNAL: z.string().optional(),
  CARRIER_DELIVERY_SECONDS: z.coerce.number<string>().pipe(z.number().min(0)).default(everyday.deliverySeconds),
  CARRIER_REJECT_RATE: rate.default(everyday.rejectRate),
  CARRIER_FAIL_RATE: rate.default(everyday.failRate),
  CARRIER_LOSE_ANSWER_RATE: rate.default(everyday.loseAnswerRate),
  CARRIER_SLOW_RATE: rate.default(everyday.slowRate),
  CARRIER_SLOW_MS: z.coerce.number<string>().pipe(z.int().min(0)).default(everyday.slowMs),
  CARRIER_REFUSE_RATE: rate.default(everyday.refuseRate),
  CARRIER_LOST_RATE: rate.default(everyday.lostRate),
  CARRIER_RETURNED_RATE: rate.default(everyday.returnedRate),
  CARRIER_DUPLICATE_RATE: rate.default(everyday.duplicateRate),
});

const parsed = settings.safeParse(process.env);
if (!parsed.success) {
  console.error(`The carrier simulator cannot start:\n${z.prettifyError(parsed.error)}`);
  process.exit(2);
}
const { data } = parsed;
const simulator = await startCarrierSimulator({
  port: data.CARRIER_PORT,
  webhookUrl: data.CARRIER_WEBHOOK_URL,
  secret: data.SHIPPING_WEBHOOK_SECRET,
  seed: data.CARRIER_SEED,
  carriers: data.SHIPPING_CARRIERS.split(',').map((name) => name.trim()),
  ...(data.CARRIER_JOURNAL !== undefined && { journal: data.CARRIER_JOURNAL }),
  options: {
    deliverySeconds: data.CARRIER_DELIVERY_SECONDS,
    rejectRate: data.CARRIER_REJECT_RATE,
    failRate: data.CARRIER_FAIL_RATE,
    loseAnswerRate: data.CARRIER_LOSE_ANSWER_RATE,
    slowRate: data.CARRIER_SLOW_RATE,
    slowMs: data.CARRIER_SLOW_MS,
    refuseRate: data.CARRIER_REFUSE_RATE,
    lostRate: data.CARRIER_LOST_RATE,
    returnedRate: data.CARRIER_RETURNED_RATE,
    duplicateRate: data.CARRIER_DUPLICATE_RATE,
  },
});
console.error(`Simulated carriers ${data.SHIPPING_CARRIERS} listen on ${simulator.url}.`);
const stop = (): void => void simulator.close();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
// Started by another process: ends with it, however that ended.
if (process.channel) {
  process.once('disconnect', stop);
  process.channel.unref();
}
