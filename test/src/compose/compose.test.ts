import { BatonClient, superstoreCatalogue, superstoreOrders } from '@baton/client';
import { eventually } from '@baton/messaging/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allSettled,
  deadLettersOf,
  driftOf,
  labelsOf,
  messageIdsOf,
  participants,
  seriesOf,
  tracesOf,
} from './books.js';
import { ComposeSystem } from './compose-system.js';
import { diagnosed } from './diagnosis.js';
import { execute } from './docker.js';
import { engineAnswers, haveImages } from './engine.js';
import { publishOverHttp, publishToKafka } from './publish.js';

/** The longest that anything may take on a machine with more to do than this. */
const MINUTES = 60_000;
const OVER_HTTP = 200;
const OVER_KAFKA = 50;
const ORDERS = OVER_HTTP + OVER_KAFKA;
/** Kafka is not to be heard for this long; consumers must not lose their place. */
const KAFKA_AWAY_MS = 20_000;
/** Orders may be slow, on a machine whose cores are taken; that none moves for so long is a fault. */
const STANDSTILL_MS = 2 * MINUTES;

const hasEngine = await engineAnswers();
if (!hasEngine) {
  console.warn(
    'There is no Docker on this machine: the Compose files, the image and the system in containers were NOT checked.',
  );
}
/** Where there is no engine at all, every test passes without having looked at anything, as was just said. */
const check = (name: string, test: () => Promise<void>, timeout: number): void =>
  it(hasEngine ? name : `${name} (not checked: there is no Docker here)`, hasEngine ? test : () => {}, timeout);

const production = ['--env-file', 'infra/production.example.env', '-f', 'infra/compose.yaml'];
const CONFIGURATIONS: Readonly<Record<string, readonly string[]>> = {
  'the whole system': [],
  'with dashboards': ['--profile', 'dashboards'],
  'with tools': ['--profile', 'tools'],
  'with every profile': ['--profile', 'dashboards', '--profile', 'tools'],
  'the services alone': ['-f', 'infra/compose.yaml'],
  production: [...production, '-f', 'infra/compose.production.yaml'],
  'production with telemetry': [
    ...production,
    '-f',
    'infra/compose.production.yaml',
    '-f',
    'infra/compose.telemetry.yaml',
  ],
};

describe('Compose files', () => {
  for (const [name, args] of Object.entries(CONFIGURATIONS)) {
    check(
      `are valid: ${name}`,
      () => execute('docker', ['compose', ...args, 'config', '--quiet']).then(() => {}),
      1 * MINUTES,
    );
  }
});

describe('The system in containers', () => {
  let system: ComposeSystem;
  /** A check that tells what can be seen of the system when it fails. */
  const examine = (name: string, test: () => Promise<void>, timeout: number): void =>
    check(name, () => diagnosed(system, test), timeout);

  beforeAll(async () => {
    system = await ComposeSystem.settle();
    if (!hasEngine) return;
    await haveImages(await system.foreignImages());
    await system.compose('build', '--quiet', 'orders');
    const begun = Date.now();
    await diagnosed(system, async () => {
      await system.compose('up', '--detach', '--wait', '--no-build');
      console.info(`[compose] healthy after ${Math.round((Date.now() - begun) / 1_000)} s`);
      await new BatonClient({ url: system.url('gateway') }).stock.import(superstoreCatalogue());
    });
  }, 15 * MINUTES);

  afterAll(async () => {
    if (!hasEngine) return;
    await system.remove();
    await system.removeImage();
  }, 5 * MINUTES);

  examine(
    'fulfils orders while a service dies, Kafka is away, Postgres restarts and a service is scaled',
    async () => {
      const orders = superstoreOrders().slice(0, ORDERS);
      await publishOverHttp(system.url('gateway'), orders.slice(0, OVER_HTTP / 2));
      await publishToKafka(system.brokers, orders.slice(OVER_HTTP));
      const rest = publishOverHttp(system.url('gateway'), orders.slice(OVER_HTTP / 2, OVER_HTTP));
      rest.catch(() => {});
      await system.compose('kill', '--signal', 'SIGKILL', 'warehouse');
      await system.compose('up', '--detach', '--no-build', '--no-deps', 'warehouse');
      await system.freeze('kafka');
      await pause(KAFKA_AWAY_MS);
      await system.thaw('kafka');
      await system.compose('restart', 'postgres');
      await system.compose('up', '--detach', '--no-build', '--no-deps', '--scale', 'inventory=3', 'inventory');
      await rest;

      const ends = await allSettled(system, ORDERS, { standstillMs: STANDSTILL_MS, deadlineMs: 12 * MINUTES });
      expect(ends.waiting + ends.completed + ends.cancelled).toBe(ORDERS);
      expect(ends.incidents).toBe(0);
      expect(await driftOf(system)).toBe(0);
      expect(await deadLettersOf(system)).toEqual([]);

      // Placed, and then dispatched and delivered, or cancelled, or delayed: each of them is one mail.
      const mails = ORDERS + 2 * ends.completed + ends.cancelled + ends.waiting;
      await eventually(async () => (await messageIdsOf(system)).size >= mails, 1 * MINUTES);
      const ids = await messageIdsOf(system);
      const placed = [...ids].filter((id) => id.includes('order-placed'));
      expect(new Set(placed).size, [...ids].slice(0, 4).join(' ')).toBe(ORDERS);
    },
    20 * MINUTES,
  );

  examine(
    'shows one order as one trace through every service',
    async () => {
      const wanted = participants.map((name) => `baton-${name}`);
      const ids = superstoreOrders()
        .slice(0, OVER_HTTP / 4)
        .map(({ orderId }) => orderId);
      // A trace reaches Jaeger half a minute after its first span. Those that a crash cut in two are not looked for.
      const trace = await eventually(async () => {
        for (const orderId of ids) {
          const whole = (await tracesOf(system, orderId)).find(({ services }) =>
            wanted.every((name) => services.has(name)),
          );
          if (whole) return whole;
        }
        return false;
      }, 2 * MINUTES);
      expect(trace && trace.services).toContain('baton-gateway');
    },
    3 * MINUTES,
  );

  examine(
    'counts in Prometheus what every service handled, and the KPIs',
    async () => {
      await eventually(async () => {
        const services = await labelsOf(
          system,
          'sum by (service_name) (baton_pipeline_messages_total)',
          'service_name',
        );
        return participants.every((name) => services.has(`baton-${name}`));
      }, 1 * MINUTES);
      const processes = await labelsOf(system, 'baton_pipeline_outbox_age_seconds{service="inventory"}', 'instance');
      expect(processes.size).toBeGreaterThanOrEqual(3);
      // The KPIs: how many orders, how they ended, and how long they took.
      for (const series of [
        'baton_saga_started_total',
        'baton_saga_ended_total',
        'baton_saga_cycle_time_seconds_count',
      ]) {
        await eventually(async () => (await seriesOf(system, series)).length > 0, 1 * MINUTES);
      }
    },
    2 * MINUTES,
  );

  check(
    'leaves nothing behind',
    async () => {
      expect(await system.remove()).toEqual([]);
    },
    3 * MINUTES,
  );
});
