import { identifier, line, missingLine, shipmentIdentity } from '@baton/contracts';
import { moment, named } from '@baton/service-kit';
import { z } from 'zod';
import { type PickList, pickListStates } from './domain/pick-list.js';

export const pickList = named(
  'PickList',
  z.object({
    ...shipmentIdentity,
    state: z.enum(pickListStates),
    location: identifier.nullable().describe('Null where it was called off before it came.'),
    lines: z.array(line.extend({ picked: z.int().min(0).describe('Units that have left the shelf.') })),
    worker: identifier.nullable().describe('Who holds the list, or held it last.'),
    parcels: z.int().nullable().describe('How many it became; null until it is packed.'),
    missing: z.array(missingLine),
    createdAt: moment,
  }),
) satisfies z.ZodType<PickList>;
