import { setTimeout as pause } from 'node:timers/promises';
import type { IncomingRecord, Transport } from '@baton/messaging';

const LOOK_AGAIN_MS = 50;

/** Reads topics from their beginning to where they end now. */
export const everyRecord = async (
  transport: Transport,
  topics: readonly string[],
): Promise<readonly IncomingRecord[]> => {
  const records: IncomingRecord[] = [];
  let assigned = false;
  const consumer = await transport.subscribe({
    group: `chaos-${Date.now()}`,
    topics,
    onAssigned: async () => {
      assigned = true;
      return [];
    },
    onRevoked: () => undefined,
    onRecords: async (some) => {
      records.push(...some);
    },
  });
  try {
    const done = async (): Promise<boolean> => assigned && (await consumer.lag()).every(({ lag }) => lag === 0n);
    while (!(await done())) await pause(LOOK_AGAIN_MS);
  } finally {
    await consumer.stop();
  }
  return records;
};

/** Ids of the events of one kind by order; an event that was published twice has one id and counts once. */
export const idsByOrder = (records: readonly IncomingRecord[], eventName: string): ReadonlyMap<string, number> => {
  const ofKind = records.filter(({ headers }) => headers['ce_type']?.includes(`.${eventName}.`));
  const byOrder = Map.groupBy(ofKind, ({ key }) => key ?? '');
  return new Map([...byOrder].map(([key, some]) => [key, new Set(some.map(({ headers }) => headers['ce_id'])).size]));
};
