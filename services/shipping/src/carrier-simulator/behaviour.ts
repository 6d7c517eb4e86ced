import { createHash } from 'node:crypto';

/** How simulated carriers misbehave. Rates are shares from 0 to 1; all 0 is a carrier that always does as it is told. */
export interface CarrierBehaviour {
  /** Bookings that are rejected, for good. */
  readonly rejectRate: number;
  /** Calls whose first one or two tries fail with 503 before anything is done. */
  readonly failRate: number;
  /** Calls that are done, and whose connection is then cut instead of an answer. */
  readonly loseAnswerRate: number;
  /** Calls that are done and answered late, by `slowMs`. */
  readonly slowRate: number;
  readonly slowMs: number;
  /** Cancellations and handovers that are refused once or twice before they are done. */
  readonly refuseRate: number;
  /** Parcels that are lost, and that come back, instead of being delivered. */
  readonly lostRate: number;
  readonly returnedRate: number;
  /** Webhooks that are sent twice. */
  readonly duplicateRate: number;
  /** From handover to delivery, seconds. */
  readonly deliverySeconds: number;
}

export const obedient: CarrierBehaviour = {
  rejectRate: 0,
  failRate: 0,
  loseAnswerRate: 0,
  slowRate: 0,
  slowMs: 1_000,
  refuseRate: 0,
  lostRate: 0,
  returnedRate: 0,
  duplicateRate: 0,
  deliverySeconds: 1,
};

/** Carriers as they are: now and then one says no, answers late or not at all, or says something twice. */
export const everyday: CarrierBehaviour = {
  ...obedient,
  rejectRate: 0.01,
  failRate: 0.02,
  loseAnswerRate: 0.02,
  slowRate: 0.01,
  refuseRate: 0.01,
  duplicateRate: 0.02,
  deliverySeconds: 5,
};

/** What happens to the tries of one call, all of it decided by seed and key, so that a run repeats. */
export interface CallFate {
  readonly rejected: boolean;
  /** So many tries fail before anything is done. */
  readonly failures: number;
  /** So many tries after those are refused, where the call can be. */
  readonly refusals: number;
  readonly losesAnswer: boolean;
  readonly slowMs: number;
}

export type ParcelFate = 'delivered' | 'lost' | 'returned';

/** A number from 0 up to 1 that follows from what it is about. */
export const chance = (seed: string | number, ...about: readonly string[]): number =>
  createHash('sha256')
    .update([seed, ...about].join('|'))
    .digest()
    .readUInt32BE(0) /
  2 ** 32;

const ONE_OR_TWO = 2;

export const fateOfCall = (seed: string | number, behaviour: CarrierBehaviour, key: string): CallFate => {
  const happens = (what: string, rate: number): boolean => chance(seed, key, what) < rate;
  const times = (what: string, rate: number): number =>
    happens(what, rate) ? 1 + Math.floor(chance(seed, key, what, 'times') * ONE_OR_TWO) : 0;
  return {
    rejected: happens('reject', behaviour.rejectRate),
    failures: times('fail', behaviour.failRate),
    refusals: times('refuse', behaviour.refuseRate),
    losesAnswer: happens('lose', behaviour.loseAnswerRate),
    slowMs: happens('slow', behaviour.slowRate) ? behaviour.slowMs : 0,
  };
};

export const fateOfParcel = (seed: string | number, behaviour: CarrierBehaviour, bookingId: string): ParcelFate => {
  const drawn = chance(seed, bookingId, 'parcel');
  if (drawn < behaviour.lostRate) return 'lost';
  return drawn < behaviour.lostRate + behaviour.returnedRate ? 'returned' : 'delivered';
};
