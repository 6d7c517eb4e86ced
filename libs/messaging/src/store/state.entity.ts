import { Column } from 'typeorm';

/** Base of every entity that reactions write. */
export abstract class StateEntity {
  /**
   * The outbox row that holds the last events of this row's key. Whoever loads the row and does not know that outbox
   * row to be published publishes it first, so that the order of a key's events on the wire is kept.
   */
  @Column({ name: 'outbox_id', type: 'bigint', nullable: true })
  outboxId!: string | null;
}

/** Base of entities whose rows are about one order and are told about later, by people or the world outside. */
export abstract class TracedEntity extends StateEntity {
  /**
   * W3C trace context of the message that made the row (`traceOfText` reads it). What a person's request or another
   * order's message causes for this order is told in this trace, so that one order stays one trace while it is young.
   */
  @Column({ name: 'trace', type: 'text', nullable: true })
  trace!: string | null;
}

/** Reads `timestamptz` as an ISO 8601 string, as states hold it. */
export const isoTimestamp = {
  to: (value: string | null | undefined): string | null | undefined => value,
  from: (value: Date | string | null): string | null => (value instanceof Date ? value.toISOString() : value),
};
