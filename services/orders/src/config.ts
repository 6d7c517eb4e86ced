import { z } from 'zod';

export const ordersConfig = z.object({
  COORDINATOR_URL: z
    .url()
    .optional()
    .describe('Where the coordinator answers HTTP; asked for what an order waits for; absent: own facts must do.'),
});
export type OrdersConfig = z.infer<typeof ordersConfig>;
