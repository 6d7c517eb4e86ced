/**
 * The state of one saga: plain JSON, short, because it is written on every visit. It holds facts (what was heard, what
 * was asked) and the clocks of what is waited for; everything else follows from them.
 */
export interface Saga {
  readonly id: string;
  readonly definition: string;
  readonly version: number;
  /** When its first event was heard. */
  readonly since: string;
  /** When the event that it begins with was heard; it decides nothing before. */
  readonly begun?: string;
  /** What it keeps of that event. */
  readonly order?: Kept;
  readonly units: readonly Unit[];
  readonly wishes?: readonly Wish[];
  /** Who was told what, by `unit/reason`. */
  readonly tells?: Readonly<Record<string, Tell>>;
  /** The clock of everything that it waits for, by `unit/step`. */
  readonly waits: Readonly<Record<string, Wait>>;
  /** Clocks that stand still while it is not known whether a unit can be undone: they go on if it cannot. */
  readonly paused?: Readonly<Record<string, Wait>>;
  /** The open ones. */
  readonly incidents?: readonly Incident[];
  /** How many there ever were; numbers them. */
  readonly incidentCount?: number;
  readonly ended?: Ended;
}

/** Fields of events that are remembered, by name. */
export type Kept = Readonly<Record<string, unknown>>;

/** A line that a unit carries. */
export interface SagaLine {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
}

/** A part of the saga that goes the whole way by itself, such as a shipment. Moments are ISO 8601 in UTC. */
export interface Unit {
  readonly n: number;
  /** The birth by which it came into being; a unit without one is known by hearsay only: it is decided on once no other is left. */
  readonly birth?: string;
  readonly since?: string;
  /** When its birth stops waiting; said in the request, so that asking again says the same. */
  readonly deadline?: string;
  readonly replaces?: number;
  /** Absent when it carries all lines. */
  readonly lines?: readonly SagaLine[];
  readonly steps: Readonly<Record<string, StepState>>;
  readonly kept?: Kept;
  readonly undo?: Undo;
  /** When its undo was refused: nothing of it is undone, and it goes on. */
  readonly refused?: string;
  readonly ended?: { readonly at: string; readonly as: 'done' | 'undone' | 'failed' };
  /** The unit that took over its lines … */
  readonly heir?: number;
  /** … or the alternative by which they were given up. */
  readonly givenUp?: string;
}

/** Times at which facts about a step were heard. */
export interface StepState {
  readonly begun?: string;
  readonly done?: string;
  readonly failed?: string;
  /** What the failure is about, for people. */
  readonly about?: readonly string[];
  /** From 1; absent until there is more than one. */
  readonly attempt?: number;
  /** What the coordinator chose for this attempt, such as a carrier. */
  readonly choice?: string;
  readonly undone?: string;
}

/** That a unit is being undone, and how far that is. */
export interface Undo {
  /** The alternative that called for it first; the reason in every request. */
  readonly why: string;
  /** The step whose participant was asked last. */
  readonly asked?: string;
}

/** A wish that all be undone; `answered` when it was. */
export interface Wish {
  readonly n: number;
  readonly at: string;
  readonly answered?: string;
}

/** How far telling somebody is: to be done, done, or given up. */
export type Tell = 'due' | 'told' | 'failed';

/** What is waited for, and since when. */
export interface Wait {
  readonly since: string;
  /** Absent when only a late event or a person can help. */
  readonly due?: string;
  /** How often it was due. */
  readonly n?: number;
}

/** A call for a person; it stands until what was missing comes, or the person has seen to it. */
export interface Incident {
  readonly id: string;
  readonly unit: number;
  readonly step: string;
  readonly reason: string;
  readonly owner: string;
  readonly at: string;
  readonly due: string;
}

/** How it ended, and when. */
export interface Ended {
  readonly at: string;
  readonly as: 'completed' | 'cancelled';
  readonly reason?: string;
  readonly detail?: string;
}

/** One thing that happened, for the timeline. */
export interface Fact {
  readonly at: string;
  /** Name of an event, heard or said, or `DeadlinePassed`. */
  readonly fact: string;
  readonly unit?: number;
  readonly step?: string;
  readonly attempt?: number;
  readonly note?: string;
}

/** The key of something that is waited for. */
export const waitKey = (unit: number, step: string): string => `${unit}/${step}`;

/** The step in such a key. */
export const stepOfKey = (key: string): string => key.slice(key.indexOf('/') + 1);

/** Nothing more will happen to it, but for telling and for answering wishes. */
export const hasEnded = (saga: Saga): boolean => saga.ended !== undefined;

export const attemptOf = (state: StepState | undefined): number => state?.attempt ?? 1;

/** The same saga with one unit changed; the very same object when the change changes nothing. */
export const withUnit = (saga: Saga, n: number, change: (unit: Unit) => Unit): Saga => {
  const known = saga.units.find((unit) => unit.n === n);
  const before: Unit = known ?? { n, steps: {} };
  const after = change(before);
  if (after === before) return saga;
  const units = known ? saga.units.map((unit) => (unit === known ? after : unit)) : [...saga.units, after];
  return { ...saga, units: known ? units : units.toSorted((a, b) => a.n - b.n) };
};

export const withStep = (unit: Unit, step: string, change: (state: StepState) => StepState): Unit => {
  const before = unit.steps[step] ?? {};
  const after = change(before);
  return after === before ? unit : { ...unit, steps: { ...unit.steps, [step]: after } };
};
