import { identifier } from '@baton/contracts';
import { z } from 'zod';

const names = z
  .array(identifier)
  .min(1)
  .refine((all) => new Set(all).size === all.length, 'names a carrier twice');

/** Settings of the shipping service; each key is an environment variable. */
export const shippingConfig = z.object({
  SHIPPING_CARRIERS: z
    .string()
    .default('swift,parcelway')
    .transform((value) => value.split(',').map((name) => name.trim()))
    .pipe(names)
    .describe('Carriers that may be asked, comma-separated. Which is asked first follows from the id of the order.'),
  SHIPPING_CARRIER_URL: z
    .url({ protocol: /^https?$/ })
    .refine((address) => !/[?#]|\/\/[^/]*@/.test(address), 'has a query or credentials, which no call can carry')
    .describe("Origin (and path prefix) of the carriers' API."),
  SHIPPING_CARRIER_TIMEOUT_MS: z.coerce
    .number<string>()
    .pipe(z.int().min(100).max(9_000))
    .default(5_000)
    // Less than the effects' own limit of 10 s.
    .describe('How long one call to a carrier may take, milliseconds.'),
  SHIPPING_WEBHOOK_SECRET: z
    .string()
    .min(16, 'a secret that is guessed is none: at least 16 characters')
    .describe('Shared with the carriers, who sign their webhooks with it; at least 16 characters.'),
});
export type ShippingConfig = z.output<typeof shippingConfig>;
