import { CONTINUED_EVERY_DAYS, type EventDraft } from '@baton/contracts';
import { continued, hasEnded, type SagaDefinition } from '@baton/saga';
import type { SagaRecord } from './records.js';

export const CONTINUED_EVERY_MS = CONTINUED_EVERY_DAYS * 24 * 3_600_000;

/** What is kept, and said, of a saga that takes long. */
export interface Continued {
  readonly record?: SagaRecord;
  readonly publish: readonly EventDraft[];
}

/** Says that a saga is still under way, unless it has ended or that was said lately. */
export const stillUnderWay = (definition: SagaDefinition, record: SagaRecord, now: string): Continued => {
  const age = (since: string): number => Date.parse(now) - Date.parse(since);
  if (hasEnded(record.state) || age(record.continuedAt ?? record.createdAt) < CONTINUED_EVERY_MS)
    return { publish: [] };
  const n = Math.floor(age(record.createdAt) / CONTINUED_EVERY_MS);
  return { record: { ...record, continuedAt: now }, publish: continued(definition, record.state, n) };
};
