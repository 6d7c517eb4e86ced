import { z } from 'zod';

const upstream = (name: string) => z.url({ protocol: /^https?$/ }).describe(`Where ${name} answers HTTP.`);

/** Settings of the gateway; each key is an environment variable. */
export const gatewayConfig = z.object({
  ORDERS_URL: upstream('orders'),
  COORDINATOR_URL: upstream('the coordinator'),
  INVENTORY_URL: upstream('inventory'),
  WAREHOUSE_URL: upstream('the warehouse'),
  SHIPPING_URL: upstream('shipping'),
  NOTIFICATION_URL: upstream('notification'),
  MAILBOX_URL: upstream('the mailbox').optional(),
  UPSTREAM_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(1)
    .max(600_000)
    .default(30_000)
    .describe('How long a service may take to begin its answer, after the last byte of the request.'),
});
export type GatewayConfig = z.infer<typeof gatewayConfig>;
