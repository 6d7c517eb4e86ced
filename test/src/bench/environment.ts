import { readFileSync } from 'node:fs';
import { databaseName, databases } from '@baton/run';
import type { ServiceName } from '@baton/service-kit';

type Env = Readonly<Record<string, string>>;

/** Node's options in a process of its own, those of the image. */
export const imageNodeOptions = (): string => {
  const dockerfile = readFileSync(new URL('../../../Dockerfile', import.meta.url), 'utf8');
  const [, options] = /^ENV NODE_OPTIONS="(.+)"$/m.exec(dockerfile) ?? [];
  if (options === undefined) throw new Error('The Dockerfile has no line ENV NODE_OPTIONS="…".');
  return options;
};

/** Nobody listens there: no figure asks anything over HTTP. */
const NOWHERE = 'http://127.0.0.1:9';

/** The world stands inside of the services: machines pack, carriers answer at once, mails are only recorded. */
const own: Partial<Record<ServiceName, Env>> = {
  warehouse: { WAREHOUSE_PACKING: 'automatic' },
  shipping: { SHIPPING_CARRIER_URL: NOWHERE, SHIPPING_WEBHOOK_SECRET: 'no carrier is to call from outside' },
  notification: { MAIL_MODE: 'record' },
  gateway: Object.fromEntries(databases.map((name) => [`${name.toUpperCase()}_URL`, NOWHERE])),
};

/** The environment of a service. */
export const serviceEnv = (name: ServiceName, databaseUrl: (database: string) => string, transport: Env): Env => ({
  LOG_LEVEL: 'info',
  ...transport,
  ...(isDatabase(name) && { DATABASE_URL: databaseUrl(databaseName(name)) }),
  ...own[name],
});

const isDatabase = (name: ServiceName): name is (typeof databases)[number] =>
  (databases as readonly string[]).includes(name);
