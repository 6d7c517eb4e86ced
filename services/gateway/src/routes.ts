import type { GatewayConfig } from './config.js';

const MB = 1024 * 1024;
/** Largest body of a request, bytes. */
const BODY_LIMIT = MB;

/** The programs behind the gateway, and the setting that says where each is. */
export const upstreamSettings = {
  orders: 'ORDERS_URL',
  coordinator: 'COORDINATOR_URL',
  inventory: 'INVENTORY_URL',
  warehouse: 'WAREHOUSE_URL',
  shipping: 'SHIPPING_URL',
  notification: 'NOTIFICATION_URL',
  mailbox: 'MAILBOX_URL',
} as const satisfies Record<string, keyof GatewayConfig>;
export type Upstream = keyof typeof upstreamSettings;

/** One part of the API: who answers for the paths under a prefix. */
export interface Route {
  readonly prefix: string;
  readonly upstream: Upstream;
  /** What stands in the prefix's place at the service. */
  readonly at: string;
  /** Bytes. */
  readonly bodyLimit: number;
  readonly doc: string;
}

const route = (prefix: string, upstream: Upstream, doc: string, bodyLimit = BODY_LIMIT, at = prefix): Route => ({
  prefix,
  upstream,
  at,
  bodyLimit,
  doc,
});

export const upstreams = Object.keys(upstreamSettings) as readonly Upstream[];

/** Every service has dead letters at the same place; here each service's have one of their own. */
const deadLetters = upstreams
  .filter((name) => name !== 'mailbox')
  .map((name) =>
    route(`/dead-letters/${name}`, name, `What ${name} put aside, to redrive or discard`, BODY_LIMIT, '/dead-letters'),
  );

/** All parts of the API; a longer prefix stands before a shorter one that it begins with. */
export const routes: readonly Route[] = [
  route('/orders', 'orders', 'Hand orders over, follow them, ask to cancel them'),
  route('/sagas', 'coordinator', 'What every order waits for, and what happened to it'),
  route(
    '/kpis',
    'coordinator',
    'How the business does: cycle time, errors, utilisation, throughput, return on investment',
  ),
  route('/incidents', 'coordinator', 'What needs an operator'),
  route('/stock/import', 'inventory', 'Load a catalogue with its stock', 16 * MB),
  route('/stock', 'inventory', 'Stock per SKU and location'),
  route('/reservations', 'inventory', 'What is held for which shipment'),
  route('/backorders', 'inventory', 'Who waits for stock'),
  route('/pick-lists', 'warehouse', 'The work of warehouse staff'),
  route('/shipments', 'shipping', 'Bookings with carriers and where parcels are'),
  route('/webhooks/carrier', 'shipping', "Carriers' signed tracking messages"),
  route('/notifications', 'notification', 'Which mails customers got'),
  route('/mails', 'mailbox', 'The mails themselves, where a mailbox stands in for a mail server'),
  ...deadLetters,
];

/** The path (with or without a query) under which a request of this route is passed on. */
export const pathAtService = ({ prefix, at }: Route, url: string): string => at + url.slice(prefix.length);

/** The route of a request's path (with or without its query). */
export const routeOf = (url: string): Route | undefined => {
  const path = url.split('?', 1)[0] ?? '';
  return routes.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
};

/** Base address of an upstream, without a slash at its end; undefined when it is not part of this installation. */
export const addressOf = (config: GatewayConfig, upstream: Upstream): string | undefined =>
  config[upstreamSettings[upstream]]?.replace(/\/+$/, '');
