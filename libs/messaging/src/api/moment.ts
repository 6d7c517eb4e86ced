/** When a reaction runs, as data: a reaction reads no clock and draws no random number. */
export interface Moment {
  /** ISO 8601 UTC; one value for the whole unit of work. */
  readonly now: string;
  /** Id of the unit of work, unique in the service: part of the key of rows that there is one of a unit of work. */
  readonly unit: string;
  /** Id of the message that is handled: an event's id, an Idempotency-Key, an effect's key. */
  readonly messageId: string;
  /** True while an earlier message of the same order waits behind a failure in this consumer group. */
  readonly parked: boolean;
}
