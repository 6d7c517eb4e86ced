import { identifier, MAX_LINE_QUANTITY, MAX_ORDER_LINES, quantity, shipmentIdentity } from '@baton/contracts';
import { type CommandOf, defineCommand } from '@baton/messaging';
import { z } from 'zod';

/** More parcels than this for one list is a slip of the keyboard. */
const MAX_PARCELS = 1_000;

/** Who does it. Optional once a list is claimed; when it is given, it must be who holds the list. */
const by = { worker: identifier.optional() };

const onePick = z.strictObject({ lineId: identifier, quantity });
const picks = z.array(onePick).min(1).max(MAX_ORDER_LINES);

/** Bodies of the requests; the list itself is named in the path. */
export const bodies = {
  claim: z.strictObject({ worker: identifier }),
  pick: z.union([onePick.extend(by), z.strictObject({ picks, ...by })]),
  short: z.strictObject({ lineId: identifier, picked: z.int().min(0).max(MAX_LINE_QUANTITY), ...by }),
  pack: z.strictObject({ parcels: z.int().min(1).max(MAX_PARCELS), ...by }),
} as const;

const key = ({ orderId }: { readonly orderId: string }): string => orderId;

export const ClaimPickList = defineCommand({
  name: 'ClaimPickList',
  doc: 'Somebody takes a pick list to work on.',
  data: z.object({ ...shipmentIdentity, worker: identifier }),
  key,
});
export type ClaimPickList = CommandOf<typeof ClaimPickList>;

export const PickLines = defineCommand({
  name: 'PickLines',
  doc: 'Units were taken from their shelves; quantities are absolute.',
  data: z.object({ ...shipmentIdentity, picks, ...by }),
  key,
});
export type PickLines = CommandOf<typeof PickLines>;

export const ReportShort = defineCommand({
  name: 'ReportShort',
  doc: 'A shelf held less than the list asks for.',
  data: z.object({ ...shipmentIdentity, ...bodies.short.shape }),
  key,
});
export type ReportShort = CommandOf<typeof ReportShort>;

export const PackPickList = defineCommand({
  name: 'PackPickList',
  doc: 'Everything on the list is packed.',
  data: z.object({ ...shipmentIdentity, ...bodies.pack.shape }),
  key,
});
export type PackPickList = CommandOf<typeof PackPickList>;

export const PutAway = defineCommand({
  name: 'PutAway',
  doc: 'What had left its shelf is back on it.',
  data: z.object(shipmentIdentity),
  key,
});
export type PutAway = CommandOf<typeof PutAway>;
