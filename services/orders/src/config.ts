import { z } from 'zod';

export const ordersConfig = z.object({
  COORDINATOR_URL: z
    .url()
    .default('http://127.0.0.1:7002')
    .describe('Where the coordinator answers HTTP; asked for what an order waits for.'),
});
export type OrdersConfig = z.infer<typeof ordersConfig>;
