import { type Fact, hasCome, type Saga, type SagaStatus } from '@baton/saga';

/** One saga as it is stored: its state, and beside it what lists and deadlines are found by. */
export interface SagaRecord {
  readonly definition: string;
  readonly orderId: string;
  readonly version: number;
  readonly status: SagaStatus;
  readonly state: Saga;
  /** A lower bound of the next deadline; null when there is none. See `nextDue`. */
  readonly dueAt: string | null;
  /** How many visits it had; numbers them. */
  readonly visits: number;
  readonly openIncidents: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly endedAt: string | null;
  /** When it was last said that it is still under way; null as long as it is young. */
  readonly continuedAt: string | null;
}

/** What happened to one saga in one unit of work. */
export interface HistoryRecord {
  readonly definition: string;
  readonly orderId: string;
  readonly unit: string;
  /** The first of the visits that it holds. */
  readonly visit: number;
  readonly at: string;
  readonly facts: readonly Fact[];
}

/** Visits of one unit of work are one record. */
export const joinedHistory = (before: HistoryRecord, after: HistoryRecord): HistoryRecord => ({
  ...before,
  facts: [...before.facts, ...after.facts],
});

/** A call for a person, as it is stored and shown. */
export interface IncidentRecord {
  readonly incidentId: string;
  readonly definition: string;
  readonly orderId: string;
  readonly shipment: number;
  readonly step: string;
  readonly reason: string;
  readonly owner: string;
  readonly openedAt: string;
  readonly dueAt: string;
  readonly resolvedAt: string | null;
}

/** What deadlines cost is their index, so a row's entry in it stays where it is as long as it may. */
export const nextDue = (stored: string | null, next: string | undefined, fired: boolean): string | null => {
  if (fired || stored === null) return next ?? null;
  return next !== undefined && !hasCome(stored, next) ? next : stored;
};
