import type { MessageDefinition } from '../api/reactions.js';
import { definitionIn } from '../wire/cloud-events.js';
import type { Input } from './inputs.js';

/**
 * How long messages may wait for company, so that several share one unit of work: a transaction, a request to publish,
 * one new version of a row in place of many.
 */
export interface Gathering {
  /**
   * Events and results of effects that nobody waits for the reaction to. They wait for company; a message that is not
   * among them takes along those of its key.
   */
  readonly patient?: readonly MessageDefinition[];
  /**
   * Sets of events for whose last one alone somebody waits: each is patient until all of its set and key are here, or an
   * outcome says that it is awaited (`Outcome.awaits`).
   */
  readonly together?: readonly (readonly MessageDefinition[])[];
  /** How long those wait at most, milliseconds; 250 if left out. */
  readonly patientMs?: number;
  /** The same under load: the more there is at hand, the nearer to this, milliseconds. `patientMs` if left out. */
  readonly patientLoadMs?: number;
  /**
   * Under load every message waits, up to as long as the last unit of work took, but not longer than so many
   * milliseconds. For services that no step of an order waits for; 0 if left out.
   */
  readonly loadMs?: number;
}

const PATIENT_MS = 250;
/** A unit of work of so many messages means that more are on their way. */
const BUSY = 50;
/** Of so many, that they come faster than they can be handled one by one. */
const FULL = 1_000;

/** Which messages wait for company, and how long. */
export interface Patience {
  readonly isPatient: (name: string) => boolean;
  /** The names of all that a message waits for together with itself. */
  readonly setOf: (name: string) => readonly string[] | undefined;
  /** Milliseconds, by how many messages are at hand. */
  readonly patientMs: (size: number) => number;
}

export const allAreUrgent: Patience = { isPatient: () => false, setOf: () => undefined, patientMs: () => 0 };

/** What a service says about gathering, ready for use. */
export const patienceOf = ({
  patient = [],
  together = [],
  patientMs = PATIENT_MS,
  patientLoadMs = patientMs,
}: Gathering): Patience => {
  const sets = together.map((set) => set.map(({ eventName }) => eventName)).filter((set) => set.length > 1);
  const setOf = new Map(sets.flatMap((set) => set.map((name) => [name, set])));
  const names = new Set([...patient.map(({ eventName }) => eventName), ...setOf.keys()]);
  return {
    patientMs: (size) => patientMs + (patientLoadMs - patientMs) * Math.min(1, size / FULL),
    isPatient: (name) => names.has(name),
    setOf: (name) => setOf.get(name),
  };
};

/** How much later a transport may deliver, milliseconds: 0 unless nobody waits for any event that is heard. */
export const deliveryPatience = (
  { patient = [], patientMs = PATIENT_MS }: Gathering,
  heard: readonly string[],
): number => (heard.every((name) => patient.some(({ eventName }) => eventName === name)) ? patientMs : 0);

/** A record whose name only its body tells is not opened for this, and waits for nobody. */
export const nameOf = (input: Input): string | undefined => {
  if (input.kind === 'record') return definitionIn(input.record)?.eventName;
  return input.kind === 'effect' ? input.message.name : undefined;
};

/**
 * How long to gather after a unit of work, milliseconds: the more messages there were, the longer a part of the time it
 * took, up to all of it. So under full load at most half of the time goes into units of work, and with less to do nobody
 * waits long for the next one.
 */
export const pauseAfter = (inputs: number, tookMs: number, { loadMs = 0 }: Gathering): number =>
  inputs < BUSY ? 0 : Math.min(loadMs, tookMs * Math.min(1, inputs / FULL));
