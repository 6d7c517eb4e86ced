import { z } from 'zod';
import { defineEvent, type EventOf } from '../define.js';
import { identifier, line, missingLine, quantity, shipmentIdentity } from '../primitives.js';

const events = { topic: 'warehouse', writer: 'warehouse' } as const;

export const PickListCreated = defineEvent({
  ...events,
  name: 'PickListCreated',
  doc: 'A pick list waits for somebody at the location to claim it.',
  data: z.object({ ...shipmentIdentity, location: identifier, lines: z.array(line).min(1) }),
});
export type PickListCreated = EventOf<typeof PickListCreated>;

export const PickListShort = defineEvent({
  ...events,
  name: 'PickListShort',
  doc: 'The shelf held less than the book said. The list waits for the coordinator.',
  data: z.object({
    ...shipmentIdentity,
    location: identifier,
    lines: z
      .array(z.object({ lineId: identifier, sku: identifier, requested: quantity, picked: z.int().min(0) }))
      .min(1),
    missing: z.array(missingLine).min(1),
  }),
});
export type PickListShort = EventOf<typeof PickListShort>;

export const PickListPacked = defineEvent({
  ...events,
  name: 'PickListPacked',
  doc: 'Everything on the list was picked and packed, and waits for its carrier.',
  data: z.object({ ...shipmentIdentity, location: identifier, lines: z.array(line).min(1), parcels: z.int().min(1) }),
});
export type PickListPacked = EventOf<typeof PickListPacked>;

export const PickListCancelled = defineEvent({
  ...events,
  name: 'PickListCancelled',
  doc: 'Nobody works on the list any more and nothing of it will leave; what had left its shelf was put away.',
  data: z.object({ ...shipmentIdentity, missing: z.array(missingLine) }),
});
export type PickListCancelled = EventOf<typeof PickListCancelled>;
