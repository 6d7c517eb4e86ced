import { identifier } from '@baton/contracts';
import { z } from 'zod';

const names = z
  .array(identifier)
  .min(1)
  .refine((all) => new Set(all).size === all.length, 'names a carrier twice');

/** Settings of the shipping service; each key is an environment variable. */
export const shippingConfig = z.object({
  /** Carriers that may be asked, comma-separated. */
  SHIPPING_CARRIERS: z
    .string()
    .default('swift,parcelway')
    .transform((value) => value.split(',').map((name) => name.trim()))
    .pipe(names),
  /** Origin (and path prefix) of the carriers' API. */
  SHIPPING_CARRIER_URL: z.url(),
  /** How long one call to a carrier may take, milliseconds. Less than the effects' own limit of 10 s. */
  SHIPPING_CARRIER_TIMEOUT_MS: z.coerce.number<string>().pipe(z.int().min(100).max(9_000)).default(5_000),
  /** Shared with the carriers, who sign their webhooks with it. */
  SHIPPING_WEBHOOK_SECRET: z.string().min(16, 'a secret that is guessed is none: at least 16 characters'),
});
export type ShippingConfig = z.output<typeof shippingConfig>;
