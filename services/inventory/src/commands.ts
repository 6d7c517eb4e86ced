import { identifier, MAX_STOCK_QUANTITY, stockQuantity, text } from '@baton/contracts';
import { defineCommand } from '@baton/messaging';
import { z } from 'zod';

/** Levels that one import may name; a longer file is sent in parts. */
export const MAX_IMPORT_ITEMS = 5_000;

const place = { sku: identifier, location: identifier };

/** Bodies of the requests; SKU and location are named in the path. */
export const replenishment = z.strictObject({ quantity: z.int().min(1).max(MAX_STOCK_QUANTITY) });
export const shelfCount = z.strictObject({ counted: stockQuantity });

/** A SKU that could be kept and never be read: `GET /stock/audit` is the audit. */
const RESERVED_SKU = 'audit';
const readable = identifier.refine(
  (sku) => sku !== RESERVED_SKU,
  `${RESERVED_SKU} is the name of a page of the API; give the SKU another name`,
);

const catalogueItem = z.strictObject({ ...place, sku: readable, onHand: stockQuantity, name: text(300).optional() });

/** Body of an import. */
export const catalogue = z.strictObject({
  items: z
    .array(catalogueItem)
    .min(1)
    .max(MAX_IMPORT_ITEMS)
    .superRefine((items, context) => {
      const seen = new Set<string>();
      for (const [index, { sku, location }] of items.entries()) {
        const pair = `${sku} ${location}`;
        if (seen.has(pair)) {
          context.addIssue({ code: 'custom', path: [index], message: `${sku} at ${location} is listed twice` });
        }
        seen.add(pair);
      }
    }),
});

export const ReplenishStock = defineCommand({
  name: 'ReplenishStock',
  doc: 'Goods arrived at a location.',
  data: z.object({ ...place, ...replenishment.shape }),
  key: ({ sku }) => sku,
});

export const CountStock = defineCommand({
  name: 'CountStock',
  doc: 'Somebody counted what is there of a SKU, what is picked or packed and has not left included.',
  data: z.object({ ...place, ...shelfCount.shape }),
  key: ({ sku }) => sku,
});

export const ImportStock = defineCommand({
  name: 'ImportStock',
  doc: 'Part of a catalogue file with levels.',
  data: catalogue,
  // No order and no other wish for a single SKU has to wait behind a whole file.
  key: () => 'import',
});
