import { createWriteStream } from 'node:fs';
import { LocalTransport } from '@baton/messaging';
import { startMailbox } from '@baton/notification';
import { makeLogger, pipelineLog, type RunningService, startService } from '@baton/service-kit';
import { everyday, startCarrierSimulator } from '@baton/shipping';
import { startStaff } from '@baton/warehouse';
import { superviseDatabases } from './databases.js';
import { databaseName, databases, type Places } from './places.js';
import { createSupervisor } from './processes.js';
import { services } from './services.js';
import { peopleEnv, serviceEnv, type World } from './settings.js';
import type { Say, System } from './system.js';

/** Runs everything in this process, on an embedded Postgres and the local transport. */
export const startEmbedded = async (places: Places, world: World, say: Say): Promise<System> => {
  const supervisor = createSupervisor({ log: say });
  const databaseUrl = await superviseDatabases(supervisor, places, [...databases, 'transport'], say);

  const logDestination = createWriteStream(places.file('baton.log'), { flags: 'a' });
  const log = pipelineLog(makeLogger('transport', process.env.LOG_LEVEL ?? 'info', logDestination));
  const transport = await LocalTransport.connect({ url: databaseUrl(databaseName('transport')), logger: log });
  const mailbox = await startMailbox({
    smtpPort: places.ports['mailbox-smtp'],
    httpPort: places.ports.mailbox,
    dir: places.file('mails'),
  });
  const running: RunningService[] = [];
  for (const definition of services) {
    const env = serviceEnv(definition.name, places, databaseUrl, peopleEnv(world));
    running.push(await startService(definition, { env, transport, logDestination }));
  }
  const carriers = await startCarrierSimulator({
    port: places.ports.carriers,
    webhookUrl: `http://127.0.0.1:${places.ports.shipping}/webhooks/carrier`,
    secret: places.webhookSecret,
    seed: 1,
    journal: places.file('carriers.jsonl'),
    options: { ...everyday, ...world.carriers, deliverySeconds: world.deliverySeconds },
  });
  const endOfShift = new AbortController();
  const staff = startStaff({
    warehouseUrl: `http://127.0.0.1:${places.ports.warehouse}`,
    workers: world.staff,
    secondsPerList: world.packingSeconds,
    shortRate: world.shortRate ?? 0,
    seed: 1,
    signal: endOfShift.signal,
  });

  const stop = async (): Promise<void> => {
    endOfShift.abort();
    await staff.finished;
    for (const service of running.toReversed()) await service.stop();
    await carriers.close();
    await mailbox.stop();
    await transport.close();
    await supervisor.stopAll();
    await new Promise<void>((resolve) => logDestination.end(resolve));
  };
  let stopping: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${places.gatewayPort}`,
    databaseUrl,
    transport,
    gaveUp: supervisor.gaveUp,
    stop: () => (stopping ??= stop()),
  };
};
