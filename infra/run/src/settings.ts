import { upstreamSettings, upstreams } from '@baton/gateway';
import type { ServiceName } from '@baton/service-kit';
import type { CarrierBehaviour } from '@baton/shipping';
import { type DatabaseName, databaseName, databases, type Places } from './places.js';

/** How the simulated world around the services behaves. */
export interface World {
  /** From a parcel's handover to its delivery, seconds. */
  readonly deliverySeconds: number;
  /** How long one person takes for one pick list, seconds. */
  readonly packingSeconds: number;
  /** People who work at the same time. */
  readonly staff: number;
  /** Share of order lines whose shelf holds less than the book says; 0 when absent. */
  readonly shortRate?: number;
  /** How simulated carriers misbehave; what is left out is up to their program. */
  readonly carriers?: Partial<CarrierBehaviour>;
}

type Env = Readonly<Record<string, string>>;

const local = (port: number): string => `http://127.0.0.1:${port}`;

/** The environment of each service: its database, the transport, its port, and whom it talks to. */
export const serviceEnv = (
  name: ServiceName,
  places: Places,
  databaseUrl: (database: string) => string,
  transport: Env,
): Env => {
  const { ports } = places;
  const own: Partial<Record<ServiceName, Env>> = {
    orders: {
      COORDINATOR_URL: local(ports.coordinator),
      ...(process.env.TRACE_URL_TEMPLATE && { TRACE_URL_TEMPLATE: process.env.TRACE_URL_TEMPLATE }),
    },
    shipping: {
      SHIPPING_CARRIER_URL: local(ports.carriers),
      SHIPPING_WEBHOOK_SECRET: places.webhookSecret,
    },
    notification: { SMTP_URL: `smtp://127.0.0.1:${ports['mailbox-smtp']}` },
    gateway: Object.fromEntries(upstreams.map((name) => [upstreamSettings[name], local(ports[name])])),
  };
  const port = name === 'gateway' ? places.gatewayPort : ports[name];
  return {
    PORT: String(port),
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'info',
    ...(isDatabase(name) && { DATABASE_URL: databaseUrl(databaseName(name)) }),
    ...transport,
    ...own[name],
  };
};

const isDatabase = (name: ServiceName): name is DatabaseName => (databases as readonly string[]).includes(name);

/** What KPIs are told of the simulated people: so they can say how busy these are. What somebody states goes before. */
export const peopleEnv = ({ staff, packingSeconds }: World): Env => ({
  KPI_PEOPLE: process.env.KPI_PEOPLE ?? String(staff),
  KPI_MINUTES_PER_PICK_LIST: process.env.KPI_MINUTES_PER_PICK_LIST ?? String(packingSeconds / 60),
});

/** The environment of the programs that stand in for the world, when each is a process of its own. */
export const worldEnv = (
  places: Places,
  { deliverySeconds, packingSeconds, staff, shortRate = 0, carriers = {} }: World,
) => ({
  mailbox: {
    MAILBOX_SMTP_PORT: String(places.ports['mailbox-smtp']),
    MAILBOX_HTTP_PORT: String(places.ports.mailbox),
    MAILBOX_DIR: places.file('mails'),
  },
  carriers: {
    CARRIER_PORT: String(places.ports.carriers),
    CARRIER_WEBHOOK_URL: `${local(places.ports.shipping)}/webhooks/carrier`,
    SHIPPING_WEBHOOK_SECRET: places.webhookSecret,
    CARRIER_JOURNAL: places.file('carriers.jsonl'),
    ...carrierEnv({ ...carriers, deliverySeconds }),
  },
  staff: {
    WAREHOUSE_URL: local(places.ports.warehouse),
    STAFF_WORKERS: String(staff),
    STAFF_SECONDS_PER_LIST: String(packingSeconds),
    STAFF_SHORT_RATE: String(shortRate),
  },
});

/** `rejectRate` is the setting CARRIER_REJECT_RATE, and so on. */
const carrierEnv = (behaviour: Partial<CarrierBehaviour>): Env =>
  Object.fromEntries(
    Object.entries(behaviour).map(([name, value]) => [
      `CARRIER_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
      String(value),
    ]),
  );
