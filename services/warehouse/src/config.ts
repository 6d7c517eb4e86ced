import { z } from 'zod';

/** Settings of the warehouse service; each key is an environment variable. */
export const warehouseConfig = z.object({
  WAREHOUSE_PACKING: z
    .enum(['people', 'automatic'])
    .default('people')
    .describe(
      'Who works pick lists. `automatic`: machines that pack a list the moment it is made and put back what is called ' +
        'off, so that no list ever waits for a person.',
    ),
});
export type WarehouseConfig = z.output<typeof warehouseConfig>;
