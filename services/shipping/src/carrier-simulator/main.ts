import { withFiles } from '@baton/service-kit/config';
import { z } from 'zod';
import { carrierSimulatorSettings } from './settings.js';
import { startCarrierSimulator } from './simulator.js';

const parsed = carrierSimulatorSettings.safeParse(withFiles(carrierSimulatorSettings, process.env));
if (!parsed.success) {
  console.error(`The carrier simulator cannot start:\n${z.prettifyError(parsed.error)}`);
  process.exit(2);
}
const { data } = parsed;
const simulator = await startCarrierSimulator({
  host: data.CARRIER_HOST,
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
