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

type Fields = { readonly [Key in keyof Required<Saga>]: Saga[Key] | undefined };

/**
 * The state with what changes latest in a saga's life first: what stays is the end of its JSON, and is not logged again with
 * each version of its row (see the migration `ChangingColumnsLast`). All fields, one by one: that costs next to nothing.
 */
const laidOut = (saga: Saga): Saga =>
  ({
    waits: saga.waits,
    tells: saga.tells,
    incidents: saga.incidents,
    wishes: saga.wishes,
    ended: saga.ended,
    units: saga.units,
    paused: saga.paused,
    incidentCount: saga.incidentCount,
    order: saga.order,
    begun: saga.begun,
    since: saga.since,
    version: saga.version,
    definition: saga.definition,
    id: saga.id,
  }) satisfies Fields as Saga;

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
      state: laidOut(saga),
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
