import type { EventDraft } from '@baton/contracts';
import { type At, awaitedLast, type Message, react, type Saga, type SagaDefinition, statusOf } from '@baton/saga';
import { type HistoryRecord, type IncidentRecord, nextDue, type SagaRecord } from './records.js';

/** What a visit to a saga changes; empty when nothing did. */
export interface Visited {
  readonly record?: SagaRecord;
  readonly history?: HistoryRecord;
  readonly opened: readonly IncidentRecord[];
  /** Ids of the incidents that were closed. */
  readonly resolved: readonly string[];
  readonly publish: readonly EventDraft[];
  /** The event by which it ends if it comes next. */
  readonly awaits?: string;
}

const UNCHANGED: Visited = { opened: [], resolved: [], publish: [] };

const openedIn = (before: Saga | undefined, after: Saga): readonly IncidentRecord[] => {
  if (after.incidents === before?.incidents) return UNCHANGED.opened;
  const known = new Set(before?.incidents?.map(({ id }) => id));
  return (after.incidents ?? [])
    .filter(({ id }) => !known.has(id))
    .map(({ id, unit, step, reason, owner, at, due }) => ({
      incidentId: id,
      definition: after.definition,
      orderId: after.id,
      shipment: unit,
      step,
      reason,
      owner,
      openedAt: at,
      dueAt: due,
      resolvedAt: null,
    }));
};

const resolvedIn = (before: Saga | undefined, after: Saga): readonly string[] => {
  if (after.incidents === before?.incidents) return UNCHANGED.resolved;
  const open = new Set(after.incidents?.map(({ id }) => id));
  return (before?.incidents ?? []).map(({ id }) => id).filter((id) => !open.has(id));
};

/**
 * Visits one saga: asks the engine what becomes of it, and says what that means for what is stored.
 * @param unit the unit of work, which has one record of history for each saga
 */
export const visit = (
  definition: SagaDefinition,
  record: SagaRecord | undefined,
  message: Message,
  at: At & { readonly unit: string },
): Visited => {
  const before = record?.state;
  const { saga, publish, facts, dueAt } = react(definition, before, message, at);
  if (!saga) return UNCHANGED;
  const due = nextDue(record?.dueAt ?? null, dueAt, message.kind === 'due');
  if (record && saga === before) {
    return due === record.dueAt ? UNCHANGED : { ...UNCHANGED, record: { ...record, dueAt: due } };
  }
  const { definition: name, id: orderId, version } = saga;
  const visits = (record?.visits ?? 0) + 1;
  const awaits = awaitedLast(definition, saga);
  return {
    record: {
      definition: name,
      orderId,
      version,
      status: statusOf(definition, saga),
      state: saga,
      dueAt: due,
      visits,
      openIncidents: saga.incidents?.length ?? 0,
      createdAt: record?.createdAt ?? at.now,
      updatedAt: at.now,
      endedAt: saga.ended?.at ?? null,
      continuedAt: record?.continuedAt ?? null,
    },
    ...(facts.length > 0 && {
      history: { definition: name, orderId, unit: at.unit, visit: visits, at: at.now, facts },
    }),
    opened: openedIn(before, saga),
    resolved: resolvedIn(before, saga),
    publish,
    ...(awaits !== undefined && { awaits }),
  };
};
