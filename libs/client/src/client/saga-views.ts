export const sagaStatuses = ['running', 'waiting', 'completed', 'cancelled'] as const;
export type SagaStatus = (typeof sagaStatuses)[number];

/** A saga as operators see it in a list. */
export interface SagaSummary {
  readonly orderId: string;
  readonly definition: string;
  readonly version: number;
  readonly status: SagaStatus;
  readonly openIncidents: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly endedAt: string | null;
  /** What it waits for, since when, until when, and what happens then. */
  readonly sentence: string;
}

export interface SagaView extends SagaSummary {
  readonly shipments: readonly SagaShipment[];
  readonly incidents: readonly Incident[];
  readonly timeline: readonly SagaFact[];
}

/** One shipment as the coordinator knows it. */
export interface SagaShipment {
  readonly n: number;
  /** What it came into being by; absent where that is not heard yet. */
  readonly birth?: string;
  readonly since?: string;
  /** When its first step stops waiting. */
  readonly deadline?: string;
  readonly replaces?: number;
  /** Absent when it carries all lines. */
  readonly lines?: readonly { readonly lineId: string; readonly sku: string; readonly quantity: number }[];
  readonly steps: Readonly<Record<string, SagaStep>>;
  /** What is kept of the events about it. */
  readonly kept?: Readonly<Record<string, unknown>>;
  /** Why it is undone, and the step whose participant was asked last. */
  readonly undo?: { readonly why: string; readonly asked?: string };
  /** When its undo was refused. */
  readonly refused?: string;
  readonly ended?: { readonly at: string; readonly as: 'done' | 'undone' | 'failed' };
  /** The shipment that took over its lines. */
  readonly heir?: number;
  /** The alternative by which its lines were given up. */
  readonly givenUp?: string;
}

/** When facts about a step were heard. */
export interface SagaStep {
  readonly begun?: string;
  readonly done?: string;
  /** The name of its failure. */
  readonly failed?: string;
  /** What the failure is about. */
  readonly about?: readonly string[];
  /** Absent until there is more than one. */
  readonly attempt?: number;
  /** What was chosen for this attempt, such as a carrier. */
  readonly choice?: string;
  readonly undone?: string;
}

export interface SagaFact {
  readonly at: string;
  /** Name of an event, heard or said, or `DeadlinePassed`, `StepSkipped`. */
  readonly fact: string;
  readonly shipment?: number;
  readonly step?: string;
  readonly attempt?: number;
  readonly note?: string;
  readonly text: string;
}

export interface Incident {
  readonly incidentId: string;
  readonly definition: string;
  readonly orderId: string;
  /** 0 for the order as a whole. */
  readonly shipment: number;
  readonly step: string;
  readonly reason: string;
  readonly owner: string;
  readonly dueAt: string;
  readonly openedAt: string;
  readonly resolvedAt: string | null;
}
